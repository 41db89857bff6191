/** The page of a sealed transfer: what lies behind "#" in its address opens the files, here and nowhere else. */
import { makeZip } from 'client-zip'
import { readManifest } from '../transfers/manifest.ts'
import { Broken, plainSize, readKey, type Bytes } from '../transfers/seal.ts'
import { Gone, opening, packed, partUrl, type Opened } from './reading.ts'

type Word =
  | (
      | 'all'
      | 'download'
      | 'show'
      | 'waiting'
      | 'noKey'
      | 'wrongKey'
      | 'unsafe'
      | 'early'
      | 'arriving'
      | 'cut'
      | 'gone'
    )
  | ('broken' | 'stay' | 'small' | 'tooLarge' | 'busy')

const at = (id: string): HTMLElement => document.getElementById(id) ?? document.createElement('p')
const list = at('list')
const secret = location.pathname.split('/')[2] ?? ''
const says = JSON.parse(list.dataset.words ?? '{}') as Record<Word, string>
/** Bytes of the parts that have arrived, sealed; 0 for those that have not. */
const parts = JSON.parse(list.dataset.parts ?? '[]') as number[]

/** What a browser opens in memory, where it lets no worker help: a file, or all of them. */
const inMemory = 500_000_000
/** Pictures that are shown beside their names. */
const shown = /^image\/(jpeg|png|webp|gif)$/
const largest = 12_000_000

function wrong(text: string): void {
  at('state').hidden = true
  at('wrong').textContent = text
}

function size(bytes: number): string {
  const { lang } = document.documentElement
  const units = lang === 'en' ? ['B', 'KB', 'MB', 'GB'] : ['o', 'ko', 'Mo', 'Go']
  let unit = 0
  for (; bytes >= 1000 && unit < 3; unit++) bytes /= 1000
  const digits = unit > 1 && bytes < 100 ? 1 : 0
  return `${bytes.toLocaleString(lang, { maximumFractionDigits: digits })}\u00a0${units[unit] ?? ''}`
}

function element(name: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}

/** By hand: a Response would not say why a stream broke off. */
async function whole(stream: ReadableStream<Uint8Array>): Promise<Blob> {
  const parts: BlobPart[] = []
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) parts.push(read.value as Bytes)
  return new Blob(parts)
}

async function begin(): Promise<void> {
  const key = readKey(location.hash.slice(1))
  const length = parts[0] && plainSize(parts[0])
  if (!key || !length || !isSecureContext) {
    wrong(key ? (isSecureContext ? says.early : says.unsafe) : says.noKey)
    return
  }
  at('state').hidden = false
  const opened = await manifest(key, length)
  const inStream = await worker(opened)
  at('state').hidden = true
  show(opened, inStream)
}

async function manifest(key: Bytes, length: number): Promise<Opened> {
  const text = await whole(opening({ url: partUrl(secret, 0), key, part: 0, size: length }))
  const read = readManifest(new Uint8Array(await text.arrayBuffer()))
  if (!read) throw new Broken()
  return { key, ...read }
}

/** Has a worker answer downloads, and tells it the key when it asks; false where there is none. */
async function worker(opened: Opened): Promise<boolean> {
  const { serviceWorker } = navigator as Partial<Navigator>
  if (!serviceWorker) return false
  serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<'key' | 'broken' | 'gone'>) => {
    if (data === 'key') ports[0]?.postMessage(opened)
    else wrong(says[data])
  })
  serviceWorker.startMessages()
  try {
    const registration = await serviceWorker.register('/t/worker.js', { scope: '/t/' })
    await Promise.race([awake(registration), new Promise((_, fail) => setTimeout(fail, 15_000))])
    return true
  } catch {
    return false
  }
}

function awake(registration: ServiceWorkerRegistration): Promise<void> {
  const coming = registration.active ?? registration.waiting ?? registration.installing
  return new Promise((done, fail) => {
    const look = () => {
      if (coming?.state === 'activated') done()
      else if (coming?.state === 'redundant') fail(new Error('redundant'))
    }
    coming?.addEventListener('statechange', look)
    look()
  })
}

/** Browsers end a worker that nobody talks to, its downloads with it. */
async function keepAwake(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration('/t/')
  setInterval(() => registration?.active?.postMessage('on'), 10_000)
}

/** Is a file there as it was named? One of another size is not what was sent. */
const arrived = ({ size }: { size: number }, i: number): boolean => plainSize(parts[i + 1] ?? 0) === size

function show(opened: Opened, inStream: boolean): void {
  const { title, files } = opened
  const bytes = files.reduce((sum, file) => sum + file.size, 0)
  if (title) at('title').textContent = title
  if (title) document.title = `${title} · Préau`
  at('size').textContent = ` · ${size(bytes)}`
  const all = files.every(arrived)
  if (!all) at('wrong').after(element('p', 'wait', says.arriving))
  if (inStream) at('wrong').after(element('p', 'note', says.stay))
  else at('wrong').after(element('p', 'wait', says.small.replace('{n}', size(inMemory))))
  const zip = () => whole(makeZip(packed(secret, opened, new Date())))
  const link = at('whole').querySelector('a')
  at('whole').hidden = !all || files.length < 2 || (!inStream && bytes > inMemory)
  if (link) leads(link, 'all.zip', inStream, `${title || 'preau'}.zip`, zip)
  list.replaceChildren(...files.map((file, i) => line(opened, i, arrived(file, i), inStream)))
  list.hidden = false
}

function line(opened: Opened, i: number, isThere: boolean, inStream: boolean): HTMLElement {
  const { name, type, size: bytes } = opened.files[i] ?? { name: '', type: '', size: 0 }
  const row = element('li', '')
  const text = element('div', 'text')
  const slash = name.lastIndexOf('/')
  const base = name.slice(slash + 1)
  if (slash > 0) text.append(element('span', 'note', name.slice(0, slash + 1)))
  text.append(element('span', 'name', base))
  const isTooLarge = !inStream && bytes > inMemory
  const state = isThere ? (isTooLarge ? ` · ${says.tooLarge}` : '') : ` · ${says.waiting}`
  text.append(element('span', 'note', size(bytes) + state))
  row.append(text)
  if (!isThere || isTooLarge) return row
  const source = { url: partUrl(secret, i + 1), key: opened.key, part: i + 1, size: bytes }
  const link = document.createElement('a')
  link.append(says.download, element('span', 'unseen', ` ${base}`))
  leads(link, String(i + 1), inStream, base, () => whole(opening({ ...source, counts: true })))
  const acts = element('div', 'acts')
  acts.append(link)
  row.append(acts)
  if (shown.test(type) && bytes <= largest)
    whenSeen(row, async () => picture(row, acts, base, new Blob([await whole(opening(source))], { type })))
  return row
}

/** What a link does: its address is answered by the worker, or the file is opened here. */
function leads(
  link: HTMLAnchorElement,
  what: string,
  inStream: boolean,
  name: string,
  get: () => Promise<Blob>,
): void {
  link.href = inStream ? `/t/${secret}/open/${what}` : '#'
  link.addEventListener('click', (event) => {
    if (inStream) return void keepAwake()
    event.preventDefault()
    const text = [...link.childNodes]
    link.textContent = says.busy
    get()
      .then((blob) => save(blob, name), fault)
      .finally(() => link.replaceChildren(...text))
  })
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function whenSeen(row: HTMLElement, then: () => Promise<void>): void {
  const eyes = new IntersectionObserver(([seen]) => {
    if (!seen?.isIntersecting) return
    eyes.disconnect()
    then().catch(() => undefined) // the file can still be asked for
  })
  eyes.observe(row)
}

function picture(row: HTMLElement, acts: HTMLElement, name: string, blob: Blob): void {
  const image = document.createElement('img')
  const thumb = element('span', 'thumb')
  const link = document.createElement('a')
  image.alt = ''
  image.src = link.href = URL.createObjectURL(blob)
  link.target = '_blank'
  link.append(says.show, element('span', 'unseen', ` ${name}`))
  thumb.append(image)
  row.prepend(thumb)
  acts.prepend(link)
}

function fault(fault: unknown): void {
  wrong(fault instanceof Broken ? says.broken : fault instanceof Gone ? says.gone : says.cut)
}

// A password is sent without losing what stands behind "#".
const form = document.querySelector('form')
if (form) form.action = location.pathname + location.hash
else if (parts.length > 0)
  begin().catch((error: unknown) => (error instanceof Broken ? wrong(says.wrongKey) : fault(error)))

addEventListener('hashchange', () => location.reload())
