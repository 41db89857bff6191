/** Finds a QR code in a picture: with the browser's own detector where there is one, else in a worker. */
import { scriptUrl } from '../../app/trusted'

/** Wider pictures are slower to read and no more legible. */
export const width = 640

export interface Reader {
  read(picture: HTMLCanvasElement): Promise<string | undefined>
  close(): void
}

interface Detector {
  detect(source: CanvasImageSource): Promise<{ rawValue: string }[]>
}

interface DetectorClass {
  new (options: { formats: string[] }): Detector
  getSupportedFormats(): Promise<string[]>
}

export async function openReader(): Promise<Reader> {
  const native = (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector
  const formats = (await native?.getSupportedFormats().catch(() => undefined)) ?? []
  return native && formats.includes('qr_code')
    ? withDetector(new native({ formats: ['qr_code'] }))
    : withWorker()
}

function withDetector(detector: Detector): Reader {
  return {
    read: async (picture) => (await detector.detect(picture).catch(() => []))[0]?.rawValue,
    close: () => undefined,
  }
}

function withWorker(): Reader {
  const worker = new Worker(scriptUrl('/qr-worker.js'))
  worker.postMessage({ type: 'inversionMode', data: 'original' })
  let id = 0
  return {
    read: (picture) =>
      new Promise((resolve) => {
        const turn = ++id
        const image = picture.getContext('2d')?.getImageData(0, 0, picture.width, picture.height)
        if (!image) return resolve(undefined)
        worker.addEventListener(
          'message',
          function answer({ data }: MessageEvent<{ id: number; data: string | null }>) {
            if (data.id !== turn) return
            worker.removeEventListener('message', answer)
            resolve(data.data ?? undefined)
          },
        )
        worker.postMessage({ id: turn, type: 'decode', data: image }, [image.data.buffer])
      }),
    close: () => worker.terminate(),
  }
}

/** A picture, drawn small enough to be read. */
export function shrink(
  source: CanvasImageSource,
  w: number,
  h: number,
  canvas = document.createElement('canvas'),
) {
  const scale = Math.min(1, width / Math.max(w, h))
  canvas.width = Math.round(w * scale)
  canvas.height = Math.round(h * scale)
  canvas.getContext('2d', { willReadFrequently: true })?.drawImage(source, 0, 0, canvas.width, canvas.height)
  return canvas
}
