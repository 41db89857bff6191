/** How a picture lies on its stage: how large, how far from the middle. Knows no browser. */

export interface Box {
  width: number
  height: number
}

export interface Point {
  x: number
  y: number
}

/** `scale` 1: as large as fits. `x` and `y`: where its middle is, from that of the stage. */
export interface Sight extends Point {
  scale: number
}

export const whole: Sight = { scale: 1, x: 0, y: 0 }

/** As large as the stage holds, and not larger than it is. */
export function fitted(picture: Box, stage: Box): Box {
  const part = Math.min(1, stage.width / picture.width, stage.height / picture.height)
  if (!(part > 0)) return { width: 0, height: 0 }
  return { width: picture.width * part, height: picture.height * part }
}

/** A picture turned by quarters. */
export function turned({ width, height }: Box, quarters: number): Box {
  return quarters % 2 === 0 ? { width, height } : { width: height, height: width }
}

/** Larger or smaller, so that what is under `at` stays there. */
export function zoomed(sight: Sight, scale: number, most: number, at: Point = { x: 0, y: 0 }): Sight {
  const next = Math.min(most, Math.max(1, scale))
  const part = next / sight.scale
  return { scale: next, x: at.x - (at.x - sight.x) * part, y: at.y - (at.y - sight.y) * part }
}

/** Never past an edge: what is smaller than the stage stays in its middle. */
export function held(sight: Sight, picture: Box, stage: Box): Sight {
  const over = (whole: number, seen: number): number => Math.max(0, (whole * sight.scale - seen) / 2)
  const [x, y] = [over(picture.width, stage.width), over(picture.height, stage.height)]
  return { scale: sight.scale, x: within(sight.x, x), y: within(sight.y, y) }
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value))
}

/** How large a picture may become: four times what fits, and every dot of it visible. */
export function largest(picture: Box, shown: Box): number {
  return Math.max(4, (2 * picture.width) / Math.max(1, shown.width))
}
