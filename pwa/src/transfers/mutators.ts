/** What the actions of transfers do to the screen before the server has its say. */
import type { Mutator, MutatorTx } from '../sync/mutators.ts'
import type { NamedFile, Transfer, TransferActions } from './records.ts'

const day = 86_400_000
const after = (at: string, days: number): string => new Date(Date.parse(at) + days * day).toISOString()
const sizeOf = (files: readonly NamedFile[]): number => files.reduce((sum, { size }) => sum + size, 0)

async function amend(tx: MutatorTx, scope: string, id: string, change: (old: Transfer) => Partial<Transfer>) {
  const old = (await tx.get(scope, 'transfer', id)) as Transfer | undefined
  if (old) await tx.put(scope, 'transfer', id, { ...old, ...change(old) })
}

export const transferMutators: { [N in keyof TransferActions]: Mutator<TransferActions[N]> } = {
  async 'transfer.open@1'(tx, { id, secret, title, files, days, password, sealed }, { scope, at }) {
    const made: Transfer = {
      title,
      secret,
      files: files.length,
      size: sizeOf(files),
      arrived: 0,
      bytes: 0,
      at,
      until: after(at, days),
      ...(password && { lock: '…' }),
      ...(sealed && { sealed }),
    }
    await tx.put(scope, 'transfer', id, made)
  },

  async 'transfer.add@1'(tx, { id, files }, { scope }) {
    await amend(tx, scope, id, (old) => ({
      files: old.files + files.length,
      size: old.size + sizeOf(files),
    }))
  },

  async 'transfer.extend@1'(tx, { id, days }, { scope, at }) {
    await amend(tx, scope, id, () => ({ until: after(at, days) }))
  },

  async 'transfer.protect@1'(tx, { id, password }, { scope }) {
    await amend(tx, scope, id, () => ({ lock: password && '…' }))
  },

  async 'transfer.close@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'transfer', id)
  },
}
