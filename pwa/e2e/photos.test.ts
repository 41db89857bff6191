// Real photos from real cameras become pages, in a real browser.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Page as Tab } from 'playwright-core'
import { Phone } from './chromium.ts'
import { root } from './server.ts'
import type { preparePage } from '../src/photos/page.ts'

const photos = join(process.env['PREAU_SHARED'] ?? resolve(root, '../shared'), 'data/photos')
const present = existsSync(photos)
if (!present && process.env['CI']) throw new Error(`no photos in ${photos}`)

interface Made {
  error?: string
  type?: string
  width?: number
  height?: number
  base64?: string
}

interface Exif {
  ImageWidth: number
  ImageHeight: number
  Orientation?: number
  [tag: string]: unknown
}

function exif(file: string): Exif {
  return (JSON.parse(execFileSync('exiftool', ['-j', '-n', file]).toString()) as [Exif])[0]
}

const blank = `<!doctype html><title>photos</title>
<script type="module">import { preparePage } from '/src/photos/page.ts'; window.preparePage = preparePage</script>`

function serveBlank(_: IncomingMessage, answer: ServerResponse): void {
  answer.setHeader('content-type', 'text/html').end(blank)
}

declare global {
  interface Window {
    preparePage: typeof preparePage
  }
}

/** What a file still says of the camera, the place and the hour. */
function traces(file: string): string[] {
  const groups = ['EXIF', 'XMP', 'IPTC', 'MakerNotes', 'GPS'].map((group) => `-${group}:all`)
  const [found] = JSON.parse(execFileSync('exiftool', ['-j', ...groups, file]).toString()) as [object]
  return Object.keys(found).filter((tag) => tag !== 'SourceFile')
}

const phone = new Phone()
let vite: ViteDevServer
let tab: Tab

beforeAll(async () => {
  vite = await createServer({
    root: join(root, 'pwa'),
    configFile: false,
    appType: 'custom',
    logLevel: 'error',
    server: { port: 0, host: 'localhost' },
    plugins: [
      { name: 'blank-page', configureServer: (server) => void server.middlewares.use('/blank', serveBlank) },
    ],
  })
  await vite.listen()
  tab = await phone.open(`http://localhost:${String(address(vite))}/blank`)
  await tab.waitForFunction(() => 'preparePage' in window)
})

afterAll(async () => {
  await phone.dispose()
  await vite.close()
})

function address(server: ViteDevServer): number {
  const at = server.httpServer?.address()
  return typeof at === 'object' && at ? at.port : 0
}

async function make(name: string, quarters = 0): Promise<Made> {
  const base64 = readFileSync(join(photos, name)).toString('base64')
  return tab.evaluate(
    async ({ base64, quarters }) => {
      const photo = await (await fetch(`data:application/octet-stream;base64,${base64}`)).blob()
      try {
        const page = await window.preparePage(photo, quarters)
        const view = new Uint8Array(page.bytes)
        let text = ''
        for (let i = 0; i < view.length; i += 8192) text += String.fromCharCode(...view.subarray(i, i + 8192))
        return { type: page.type, width: page.width, height: page.height, base64: btoa(text) }
      } catch (fault) {
        return { error: (fault as { code?: string }).code ?? String(fault) }
      }
    },
    { base64, quarters },
  )
}

function saved(made: Made): string {
  const file = join(mkdtempSync(join(tmpdir(), 'preau-photo-')), 'page.jpg')
  writeFileSync(file, Buffer.from(made.base64 ?? '', 'base64'))
  return file
}

describe.runIf(present)('P23: a photo becomes a page', () => {
  test.each([
    'DSCN0010.jpg',
    'HMD_Nokia_8.3_5G.jpg',
    'iphone_hdr_NO.jpg',
    'jolla.jpg',
    'landscape_8.jpg',
    'portrait_6.jpg',
  ])('%s: upright, small, and nothing of the camera left', async (name) => {
    expect(traces(join(photos, name))).not.toEqual([])
    const before = exif(join(photos, name))
    const made = await make(name)
    expect(made.error).toBeUndefined()
    expect(made.type).toBe('image/jpeg')
    const after = exif(saved(made))
    const turned = (before.Orientation ?? 1) >= 5
    const upright = turned ? [before.ImageHeight, before.ImageWidth] : [before.ImageWidth, before.ImageHeight]
    expect(after.ImageWidth > after.ImageHeight).toBe((upright[0] ?? 0) > (upright[1] ?? 0))
    expect(Math.max(after.ImageWidth, after.ImageHeight)).toBeLessThanOrEqual(2000)
    expect(Buffer.from(made.base64 ?? '', 'base64').length).toBeLessThanOrEqual(400 * 1024)
    expect(traces(saved(made))).toEqual([])
  })

  test('a quarter turn swaps the sides', async () => {
    const straight = await make('DSCN0010.jpg')
    const turned = await make('DSCN0010.jpg', 1)
    expect([turned.width, turned.height]).toEqual([straight.height, straight.width])
  })

  test('an iPhone photo that this browser cannot read is kept for the server', async () => {
    const made = await make('iphone_13_pro_max.HEIC')
    expect([made.type, made.width]).toEqual(['image/heic', 0])
  })

  test('a damaged photo is refused or repaired, never passed on as it is', async () => {
    const made = await make('corrupted.jpg')
    if (made.error) expect(made.error).toBe('damaged')
    else expect(exif(saved(made)).ImageWidth).toBe(made.width)
  })
})
