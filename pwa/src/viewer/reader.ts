/** pdf.js, brought here when somebody reads a PDF or keeps one. */
import type * as pdfjs from 'pdfjs-dist'
import { later } from '../app/later.ts'
import { kindOf } from './kinds.ts'

declare const __PDF_BASE__: `/pdf-${string}/`
declare const __PDF_KEPT__: readonly string[]

export type Pdf = typeof pdfjs

/** Where it lies, and what of it is enough without a network. */
export const base = __PDF_BASE__

export async function pdfReader(): Promise<Pdf> {
  const module = (await import(/* @vite-ignore */ `${base}pdf.js`)) as Pdf
  later(() => void keepReader())
  return module
}

/** Files that are kept bring along what reads them. */
export function keepReaderOf(files: readonly Parameters<typeof kindOf>[0][]): void {
  if (files.some((file) => kindOf(file) === 'pdf')) later(() => void keepReader())
}

/** A PDF that is kept is read without a network: so is its reader. The app's worker answers from here. */
async function keepReader(): Promise<void> {
  if (!('caches' in globalThis)) return
  const cache = await caches.open('preau-reader').catch(() => undefined)
  for (const url of cache ? __PDF_KEPT__ : []) {
    if (!(await cache?.match(url))) await cache?.add(url).catch(() => undefined)
  }
}
