/**
 * A photo becomes a page: upright, at most 2,000 px on its longer side, about
 * 400 KB, and nothing of the camera left in it (no EXIF, no place). What comes
 * out of a canvas has no metadata by construction; the server strips again.
 */

export const longestSide = 2000
export const targetBytes = 400 * 1024
/** A photo bigger than this is not even read. */
export const largestPhoto = 60 * 1024 * 1024

/** A page as it is stored and sent. */
export interface Page {
  bytes: ArrayBuffer
  type: 'image/jpeg' | 'image/heic'
  /** Pixels; 0 where only the server can read the format. */
  width: number
  height: number
}

/** Why a photo cannot become a page; the screen translates the code. */
export class PhotoError extends Error {
  constructor(readonly code: 'damaged' | 'not_a_photo' | 'too_large') {
    super(code)
  }
}

/** Qualities tried until the page is small enough. */
const qualities = [0.78, 0.66, 0.54, 0.42]

/** Makes a page of a photo, turned clockwise by some quarters. */
export async function preparePage(photo: Blob, quarters = 0): Promise<Page> {
  if (photo.size > largestPhoto) throw new PhotoError('too_large')
  const kind = sniff(new Uint8Array(await photo.slice(0, 16).arrayBuffer()))
  if (kind === 'other') throw new PhotoError('not_a_photo')
  const picture = await decode(photo)
  if (!picture) {
    if (kind !== 'heic') throw new PhotoError('damaged')
    return { bytes: await photo.arrayBuffer(), type: 'image/heic', width: 0, height: 0 }
  }
  try {
    return await encode(picture, quarters)
  } finally {
    picture.close()
  }
}

/** What a file is by its first bytes; names and declared types lie. */
export function sniff(head: Uint8Array): 'jpeg' | 'png' | 'webp' | 'heic' | 'other' {
  const text = String.fromCharCode(...head.slice(0, 12))
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return 'webp'
  if (/^ftyp(hei[cmsx]|hev[cx]|mif1|msf1)/.test(text.slice(4))) return 'heic'
  return 'other'
}

/** The size of a page that fits: never larger than the photo, sides at least 1. */
export function fit(width: number, height: number, longest = longestSide): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

async function decode(photo: Blob): Promise<ImageBitmap | undefined> {
  try {
    return await createImageBitmap(photo, { imageOrientation: 'from-image' })
  } catch {
    return undefined
  }
}

async function encode(picture: ImageBitmap, quarters: number): Promise<Page> {
  let longest = longestSide
  for (;;) {
    const canvas = draw(picture, quarters, longest)
    for (const quality of qualities) {
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality })
      if (blob.size <= targetBytes || (quality === qualities.at(-1) && longest < 1000)) {
        return {
          bytes: await blob.arrayBuffer(),
          type: 'image/jpeg',
          width: canvas.width,
          height: canvas.height,
        }
      }
    }
    longest = Math.round(longest * 0.8)
  }
}

function draw(picture: ImageBitmap, quarters: number, longest: number): OffscreenCanvas {
  const { width, height } = fit(picture.width, picture.height, longest)
  const lying = quarters % 2 !== 0
  const canvas = new OffscreenCanvas(lying ? height : width, lying ? width : height)
  const pen = canvas.getContext('2d')
  if (!pen) throw new PhotoError('damaged')
  pen.fillStyle = 'white' // a transparent drawing stays readable
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.translate(canvas.width / 2, canvas.height / 2)
  pen.rotate((quarters * Math.PI) / 2)
  pen.drawImage(picture, -width / 2, -height / 2, width, height)
  return canvas
}
