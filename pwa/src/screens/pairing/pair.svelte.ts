/**
 * The new phone's side.
 *
 *   claiming → waiting (six digits shown, polling) → done
 *          ↘ used · conflict · expired · refused · offline · none
 */
import { api, codeOf, type ApiError } from '../../app/api'
import { ticketFor } from '../../app/fragment'
import type { Identity } from '../../app/session.svelte'
import { claimMac, matchCode, newKey, newNonce, pollProof } from './crypto'
import { deviceLabel } from '../../app/label'
import { forgetPending, keepPending, pendingHere, type Pending } from './vault'

export type Stage =
  'claiming' | 'waiting' | 'done' | 'none' | 'used' | 'conflict' | 'expired' | 'refused' | 'offline'

interface Claimed {
  serverNonce: string
  name: string
  school: string
  class?: string
  expires?: string
}

const lifetime = 120_000
const every = 1500

export class Pair {
  stage = $state<Stage>('claiming')
  pending = $state.raw<Pending | undefined>(undefined)
  #ticket = ticketFor('/lier')
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  constructor(private readonly enter: (identity: Identity) => Promise<void>) {}

  /** Claims with the secret of the address, or goes on with what was under way. */
  async start(): Promise<void> {
    try {
      this.pending = this.#ticket ? await this.#claim(this.#ticket) : await pendingHere(Date.now())
    } catch (thrown) {
      this.#end(problemOf(codeOf(thrown)))
      return
    }
    if (!this.pending) {
      this.stage = 'none'
      return
    }
    this.#ticket = undefined
    this.stage = 'waiting'
    void this.#poll(this.pending)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  async cancel(): Promise<void> {
    this.stop()
    await forgetPending()
  }

  async #claim({ id, secret }: { id: string; secret: string }): Promise<Pending> {
    const { pair, key } = await newKey()
    const transcript = { id, key, nonce: newNonce() }
    const claimed = await api<Claimed>(`pairings/${id}/claim`, {
      method: 'POST',
      body: { key, nonce: transcript.nonce, mac: await claimMac(secret, transcript), label: deviceLabel() },
    })
    const pending = {
      id,
      key: pair.privateKey,
      code: await matchCode(secret, transcript, claimed.serverNonce),
      name: claimed.name,
      place: [claimed.school, claimed.class].filter(Boolean).join(' · '),
      until: claimed.expires ? Date.parse(claimed.expires) : Date.now() + lifetime,
    }
    await keepPending(pending)
    return pending
  }

  async #poll(pending: Pending): Promise<void> {
    if (this.#stopped) return
    if (Date.now() > pending.until + 5000) {
      this.#end('expired')
      return
    }
    try {
      const proof = await pollProof(pending.key, pending.id, Date.now())
      const identity = await api<Identity | undefined>(`pairings/${pending.id}/poll`, {
        method: 'POST',
        body: { proof },
      })
      if (identity) {
        await this.#done(identity)
        return
      }
    } catch (thrown) {
      const error = codeOf(thrown)
      if (error.code !== 'offline' && error.status < 500 && error.status !== 429) {
        this.#end(problemOf(error))
        return
      }
    }
    this.#timer = setTimeout(() => void this.#poll(pending), every)
  }

  async #done(identity: Identity): Promise<void> {
    this.stage = 'done'
    await forgetPending()
    await this.enter(identity)
  }

  #end(stage: Stage): void {
    this.stage = stage
    if (stage !== 'offline') void forgetPending()
  }
}

function problemOf({ code, status }: ApiError): Stage {
  if (code === 'offline') return 'offline'
  if (code === 'conflict' || code === 'used' || code === 'expired') return code
  // Over before its time: wrong digits, or given up on the other device.
  if (code === 'gone') return 'refused'
  if (status === 404 || status === 410) return 'expired'
  return status === 409 ? 'conflict' : 'refused'
}
