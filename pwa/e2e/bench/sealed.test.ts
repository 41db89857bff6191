// Memory and speed of a sealed file, sent and received, printed and not judged: of what is streamed, three times as much
// takes no more memory.
import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Phone } from '../chromium.ts'
import { signInAs } from '../people.ts'
import { Server } from '../server.ts'

let server: Server
const folder = mkdtempSync(join(tmpdir(), 'preau-sealed-'))

beforeAll(async () => {
  server = await Server.start()
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.each([100, 300, 900])(
  '%i MiB',
  async (megabytes) => {
    const file = join(folder, `${String(megabytes)}.bin`)
    for (let i = 0; i < megabytes; i++) appendFileSync(file, randomBytes(1 << 20))
    const phone = new Phone()
    const page = await phone.open(server.url)
    await signInAs(page, 'Claire Garnier')
    await page.goto(`${server.url}/transferts`)
    await page.locator('input[type=file]').first().setInputFiles(file)
    await page.getByRole('switch', { name: 'Chiffrer de bout en bout' }).check()
    await measured(`sent, ${String(megabytes)} MiB`, phone, async () => {
      await page.getByRole('button', { name: 'Obtenir un lien' }).click()
      await page.getByText('Le fichier est là').waitFor({ timeout: 600_000 })
    })
    const guest = new Phone()
    const other = await guest.open((await page.locator('.link').innerText()).trim())
    await other.locator('.acts a').waitFor()
    const path = await measured(`received, ${String(megabytes)} MiB`, guest, async () => {
      const coming = other.waitForEvent('download')
      await other.locator('.acts a').click()
      return (await coming).path()
    })
    expect(await sumOf(path)).toBe(await sumOf(file))
    await Promise.all([phone.dispose(), guest.dispose()])
    rmSync(file)
  },
  900_000,
)

async function sumOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const some of createReadStream(path)) hash.update(some as Buffer)
  return hash.digest('hex')
}

async function measured<T>(what: string, phone: Phone, act: () => Promise<T>): Promise<T> {
  const [before, began] = [memoryOf(phone), performance.now()]
  let most = before
  const timer = setInterval(() => (most = Math.max(most, memoryOf(phone))), 500)
  const got = await act().finally(() => clearInterval(timer))
  const seconds = (performance.now() - began) / 1000
  console.log(
    `${what}: ${seconds.toFixed(1)} s, at most ${String(most - before)} MB above ${String(before)} MB`,
  )
  return got
}

/** MB that a browser and all that it started have for themselves: what files are read through is shared, and not counted. */
function memoryOf(phone: Phone): number {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(processes.map((id) => [id, /PPid:\s+(\d+)/.exec(said(id, 'status'))?.[1] ?? '']))
  const isOurs = (id: string | undefined): boolean =>
    id !== undefined && (said(id, 'cmdline').includes(phone.profile) || isOurs(parents.get(id)))
  const own = (id: string): number =>
    Number(/^Private_Dirty:\s+(\d+)/m.exec(said(id, 'smaps_rollup'))?.[1] ?? 0)
  return Math.round(processes.filter(isOurs).reduce((sum, id) => sum + own(id), 0) / 1024)
}

/** A process may be gone by now. */
function said(id: string, what: string): string {
  try {
    return readFileSync(`/proc/${id}/${what}`, 'utf8')
  } catch {
    return ''
  }
}
