// Photos of written pages, for the stories: real ones where they lie beside
// the project, else pages drawn here and turned as a camera turns them.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { root } from './server.ts'

const real = join(process.env['PREAU_SHARED'] ?? resolve(root, '../shared'), 'data/photos')
const names = ['portrait_6.jpg', 'DSCN0010.jpg', 'landscape_8.jpg', 'jolla.jpg']

/** Paths of four different photos, two of which must be turned to stand upright. */
export async function fourPhotos(tab: Page): Promise<string[]> {
  if (existsSync(real)) return names.map((name) => join(real, name))
  const dir = mkdtempSync(join(tmpdir(), 'preau-paper-'))
  const paths: string[] = []
  for (const name of names) {
    const path = join(dir, name)
    writeFileSync(path, Buffer.from(await tab.evaluate(draw, name), 'base64'))
    const orientation = /_(\d)\./.exec(name)?.[1] ?? '1'
    execFileSync('exiftool', [
      '-q',
      '-overwrite_original',
      `-Orientation#=${orientation}`,
      '-Model=Own',
      path,
    ])
    paths.push(path)
  }
  return paths
}

/** A ruled page with a name on it, as base64 of a JPEG. It runs in the browser. */
function draw(name: string): string {
  const canvas = document.createElement('canvas')
  canvas.width = 2400
  canvas.height = 1800
  const ink = canvas.getContext('2d')
  if (!ink) throw new Error('no canvas')
  ink.fillStyle = '#f4f1e6'
  ink.fillRect(0, 0, canvas.width, canvas.height)
  ink.fillStyle = '#23306b'
  ink.font = '90px serif'
  for (let line = 1; line < 14; line++) ink.fillText(`${name}, ligne ${String(line)}`, 200, line * 120)
  return canvas.toDataURL('image/jpeg', 0.8).split(',')[1] ?? ''
}
