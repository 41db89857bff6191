/** One page of a PDF as it is seen: a picture of it, its text over it to be chosen and read aloud, its links. */
import type { PageViewport, PDFPageProxy } from 'pdfjs-dist'
import { heldRatio } from './paper.ts'
import type { Pdf } from './reader.ts'

export interface Drawn {
  canvas: HTMLCanvasElement
  /** Absent while the page is only made sharper. */
  text: HTMLElement
  links: Link[]
}

/** A place of the page that leads out of it, in parts of its sides. */
export interface Link {
  href: string
  left: number
  top: number
  width: number
  height: number
}

/** Draws at `scale` dots for a point of the page. Rejects when `signal` says that nobody waits any more. */
export async function draw(
  pdf: Pdf,
  page: PDFPageProxy,
  { scale, quarters, signal }: { scale: number; quarters: number; signal: AbortSignal },
): Promise<Drawn> {
  const viewport = page.getViewport({ scale, rotation: (page.rotate + 90 * quarters) % 360 })
  const [canvas, text, links] = await Promise.all([
    painted(page, viewport, signal),
    written(pdf, page, viewport, signal),
    linksOf(page, viewport),
  ])
  signal.throwIfAborted()
  return { canvas, text, links }
}

async function painted(
  page: PDFPageProxy,
  viewport: PageViewport,
  signal: AbortSignal,
): Promise<HTMLCanvasElement> {
  const ratio = heldRatio(viewport, devicePixelRatio)
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.floor(viewport.width * ratio))
  canvas.height = Math.max(1, Math.floor(viewport.height * ratio))
  const task = page.render({ canvas, viewport: viewport.clone({ scale: viewport.scale * ratio }) })
  const stop = (): void => task.cancel()
  signal.addEventListener('abort', stop)
  await task.promise.finally(() => signal.removeEventListener('abort', stop))
  return canvas
}

async function written(
  pdf: Pdf,
  page: PDFPageProxy,
  viewport: PageViewport,
  signal: AbortSignal,
): Promise<HTMLElement> {
  const container = document.createElement('div')
  const content = await page.getTextContent()
  signal.throwIfAborted()
  const layer = new pdf.TextLayer({ textContentSource: content, container, viewport })
  await layer.render()
  const { pageWidth, pageHeight } = viewport.rawDims as { pageWidth: number; pageHeight: number }
  Object.assign(container.style, {
    width: `calc(${String(pageWidth)}px * var(--total-scale-factor))`,
    height: `calc(${String(pageHeight)}px * var(--total-scale-factor))`,
  })
  return container
}

/** Those to pages of the web and to addresses of mail; what else a file would do when it is touched, it does not do. */
async function linksOf(page: PDFPageProxy, viewport: PageViewport): Promise<Link[]> {
  const all = (await page.getAnnotations()) as { subtype?: string; url?: string; rect: number[] }[]
  return all.flatMap(({ subtype, url, rect }) => {
    if (subtype !== 'Link' || !url || !isSafe(url)) return []
    const [left = 0, bottom = 0, right = 0, top = 0] = rect
    const [x1 = 0, y1 = 0] = viewport.convertToViewportPoint(left, bottom) as number[]
    const [x2 = 0, y2 = 0] = viewport.convertToViewportPoint(right, top) as number[]
    return {
      href: url,
      left: Math.min(x1, x2) / viewport.width,
      top: Math.min(y1, y2) / viewport.height,
      width: Math.abs(x2 - x1) / viewport.width,
      height: Math.abs(y2 - y1) / viewport.height,
    }
  })
}

export function isSafe(url: string): boolean {
  return URL.canParse(url) && ['https:', 'http:', 'mailto:'].includes(new URL(url).protocol)
}

/** Gives back what a picture holds: Safari counts what it was told of. */
export function wipe(canvas: HTMLCanvasElement): void {
  canvas.width = 0
  canvas.height = 0
}
