/** One PDF that is read: its pages, or why there are none. */
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist'
import { scriptUrl } from '../app/trusted.ts'
import { base, pdfReader, type Pdf } from './reader.ts'

/** Why a PDF is not read: damaged, with a password, more pages than a phone holds, too slow, no reader here. */
export type Fault = 'broken' | 'locked' | 'long' | 'slow' | 'reader'

/** A book has fewer pages. */
const mostPages = 2000
/** A picture larger than this is left out; a sheet scanned at 600 dots per inch is smaller. */
const mostDots = 64_000_000
/** A file that is not open by then is made to keep a reader busy. */
const patience = 45_000

export class Reading {
  private constructor(
    readonly pdf: Pdf,
    readonly document: PDFDocumentProxy,
    /** The shape of its first page. */
    readonly first: { width: number; height: number },
    private readonly worker: Worker,
  ) {}

  /** Opens it in a worker of its own, which ends with it. */
  static async open(bytes: Uint8Array): Promise<Reading | Fault> {
    const pdf = await pdfReader().catch(() => undefined)
    if (!pdf) return 'reader'
    const worker = new Worker(scriptUrl(`${base}worker.js`), { type: 'module' })
    const opened = await within(patience, open(pdf, worker, bytes)).catch((fault: unknown) =>
      faultOf(pdf, fault),
    )
    if (!(opened instanceof Reading)) worker.terminate()
    return opened
  }

  get count(): number {
    return this.document.numPages
  }

  /** Counted from 1. */
  page(n: number): Promise<PDFPageProxy> {
    return this.document.getPage(n)
  }

  close(): void {
    void this.document.loadingTask.destroy().catch(() => undefined)
    this.worker.terminate()
  }

  static async of(pdf: Pdf, worker: Worker, bytes: Uint8Array): Promise<Reading | Fault> {
    const task = pdf.getDocument({
      data: bytes,
      worker: pdf.PDFWorker.create({ port: worker }),
      cMapUrl: base,
      standardFontDataUrl: base,
      wasmUrl: base,
      useWasm: false,
      useWorkerFetch: true,
      disableWorkerRendering: true,
      maxImageSize: mostDots,
      verbosity: 0,
    })
    const document = await task.promise
    if (document.numPages > mostPages) return 'long'
    const { width, height } = (await document.getPage(1)).getViewport({ scale: 1 })
    return new Reading(pdf, document, { width, height }, worker)
  }
}

const open = Reading.of.bind(Reading)

function faultOf(pdf: Pdf, fault: unknown): Fault {
  if (fault instanceof pdf.PasswordException) return 'locked'
  return fault instanceof TooSlow ? 'slow' : 'broken'
}

class TooSlow extends Error {}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, no) => {
    timer = setTimeout(() => no(new TooSlow()), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
