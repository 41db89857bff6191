// Another build of the product: the same sources under another name, so that
// every file of the app differs, in a program of its own.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './server.ts'

const pwa = join(root, 'pwa')
const sources = [
  'build',
  'public',
  'src',
  'index.html',
  'package.json',
  'svelte.config.js',
  'tsconfig.json',
  'vite.config.ts',
]

/** A program, and the folder that goes when nobody needs it any more. */
export interface Build {
  program: string
  dispose: () => void
}

/** Builds the app under a name, which it shows in its settings, and a program that holds it. */
export function buildAs(name: string): Build {
  const folder = mkdtempSync(join(tmpdir(), 'preau-build-'))
  for (const source of sources) cpSync(join(pwa, source), join(folder, source), { recursive: true })
  symlinkSync(join(pwa, 'node_modules'), join(folder, 'node_modules'))
  run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error'], folder, {
    PREAU_BUILD: name,
  })
  const program = join(folder, 'preau')
  const overlay = join(folder, 'overlay.json')
  writeFileSync(overlay, JSON.stringify({ Replace: instead(join(pwa, 'dist'), join(folder, 'dist')) }))
  const args = ['build', '-mod=readonly', '-trimpath', '-overlay', overlay, '-o', program, './cmd/preau']
  run('go', args, root, { CGO_ENABLED: '0' })
  return { program, dispose: () => rmSync(folder, { recursive: true, force: true }) }
}

function run(command: string, args: string[], cwd: string, env: Record<string, string>): void {
  execFileSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' })
}

/** What Go reads in the place of a folder: the files of another one, and nothing of its own. */
function instead(folder: string, other: string): Record<string, string> {
  const none = filesIn(folder).map((name) => [join(folder, name), ''])
  const all = filesIn(other).map((name) => [join(folder, name), join(other, name)])
  return Object.fromEntries([...none, ...all]) as Record<string, string>
}

/** By their paths within it. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}
