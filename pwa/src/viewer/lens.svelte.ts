/** How near somebody looks, and how they hold the page. Nothing that is stored changes. */
import { whole, zoomed, type Point, type Sight } from './sight.ts'

const step = 1.5

export class Lens {
  sight = $state.raw<Sight>(whole)
  quarters = $state(0)
  /** How large the file that is shown may become. */
  most = $state(4)
  /** The page that is read, of how many; 0: it has none. */
  page = $state(1)
  pages = $state(0)

  readonly isNear = $derived(this.sight.scale > 1)
  readonly isNearest = $derived(this.sight.scale >= this.most)

  nearer(): void {
    this.zoom(this.sight.scale * step)
  }

  farther(): void {
    this.zoom(this.sight.scale / step)
  }

  zoom(scale: number, at?: Point): void {
    this.sight = zoomed(this.sight, scale, this.most, at)
  }

  whole(): void {
    this.sight = whole
  }

  turn(): void {
    this.sight = whole
    this.quarters = (this.quarters + 1) % 4
  }
}
