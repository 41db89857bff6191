// The demo school, made once for all stories.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server } from './server.ts'

export default async function school(): Promise<() => void> {
  const data = mkdtempSync(join(tmpdir(), 'preau-school-'))
  const server = await Server.start({ data })
  await server.stop()
  process.env['PREAU_SCHOOL'] = data
  return () => rmSync(data, { recursive: true, force: true })
}
