/**
 * The worker of the pages of sealed transfers, and of nothing else: it answers their downloads with files that it opens
 * while they are saved. It keeps nothing, not even a key, and asks the page for it each time.
 *
 *   /t/SECRET/open/N         the N-th file
 *   /t/SECRET/open/all.zip   all of them
 */
import { makeZip, predictLength } from 'client-zip'
import { scope, type WindowClient } from '../sw/scope.ts'
import { Broken } from '../transfers/seal.ts'
import { opening, packed, partUrl, type Opened } from './reading.ts'

const address = /^\/t\/([\w-]{22})\/open\/(\d{1,4}|all\.zip)$/

scope.addEventListener('install', () => void scope.skipWaiting())
scope.addEventListener('activate', (event) => event.waitUntil(scope.clients.claim()))
scope.addEventListener('message', () => undefined) // pages say so that a download goes on
scope.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url)
  const [, secret = '', what = ''] = address.exec(url.pathname) ?? []
  if (what && url.origin === scope.location.origin) event.respondWith(answer(secret, what))
})

async function answer(secret: string, what: string): Promise<Response> {
  const opened = await ask(secret)
  if (!opened) return Response.redirect(`/t/${secret}`, 303)
  return what === 'all.zip' ? all(secret, opened) : one(secret, opened, Number(what))
}

function one(secret: string, { key, files }: Opened, part: number): Response {
  const file = files[part - 1]
  if (!file) return new Response(null, { status: 404 })
  const { name, size } = file
  const stream = opening({ url: partUrl(secret, part), key, part, size, counts: true, failed: tell(secret) })
  return saved(stream, name.slice(name.lastIndexOf('/') + 1), size)
}

function all(secret: string, opened: Opened): Response {
  const length = predictLength(opened.files.map(({ name, size }) => ({ name, size })))
  return saved(
    makeZip(packed(secret, opened, new Date(), tell(secret))),
    `${opened.title || 'preau'}.zip`,
    Number(length),
  )
}

function saved(body: ReadableStream<Uint8Array>, name: string, length: number): Response {
  const star = encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
  return new Response(body as ReadableStream<BufferSource>, {
    headers: {
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename*=UTF-8''${star}`,
      'Content-Length': String(length),
      'Content-Security-Policy': "sandbox; default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
  })
}

/** Tells the pages of a transfer why a download broke off. */
const tell = (secret: string) => (why: unknown) => {
  const said = why instanceof Broken ? 'broken' : 'gone'
  void pagesOf(secret).then((pages) => pages.forEach((page) => page.postMessage(said)))
}

async function pagesOf(secret: string): Promise<WindowClient[]> {
  const pages = await scope.clients.matchAll({ type: 'window', includeUncontrolled: true })
  return pages.filter(({ url }) => new URL(url).pathname === `/t/${secret}`)
}

/** A page of this transfer tells its key and files; undefined where none is open. */
async function ask(secret: string): Promise<Opened | undefined> {
  return Promise.any((await pagesOf(secret)).map(told)).catch(() => undefined)
}

function told(page: WindowClient): Promise<Opened> {
  return new Promise((done, fail) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }: MessageEvent<Opened>) => {
      done(data)
      port1.close()
    }
    page.postMessage('key', [port2])
    setTimeout(fail, 15_000)
  })
}
