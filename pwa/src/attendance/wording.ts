/** A line of a pupil's record in words. */
import { t, type Key } from '../i18n/index.svelte.ts'
import type { IconName } from '../ui/icons.ts'
import type { LifeEvent } from './life.ts'
import { spanOf } from './times.ts'

export interface State {
  tone: 'plain' | 'done' | 'wait' | 'late' | 'pen'
  icon: IconName
  text: string
}

export const icons: Record<LifeEvent['type'], IconName> = {
  absence: 'close',
  lateness: 'clock',
  justification: 'send',
  observation: 'pen',
  punishment: 'alert',
  exemption: 'page',
  exit: 'out',
  infirmary: 'plus',
  incident: 'shield',
}

export function titleOf({ type, missed, note, excuse }: LifeEvent): string {
  if (type === 'lateness') return t('life.lateness.by', { minutes: missed?.minutes ?? 0 })
  if (type === 'observation' && note?.kind) return t(`life.observation.${note.kind}` as Key)
  if (type === 'punishment' && note?.kind) return t(`life.punishment.${note.kind}` as Key)
  if (type === 'justification') return t(excuse?.before ? 'life.announced' : 'life.justification')
  return t(`life.${type}`)
}

/** When, and why as far as one may know. */
export function detailOf({ from, to, missed, excuse, note, type }: LifeEvent): string {
  const why = missed?.label ?? excuse?.label ?? (missed?.given || excuse?.given ? t('life.given') : '')
  const text = note?.text ?? (type === 'justification' ? (excuse?.text ?? '') : '')
  return [spanOf({ from, ...(to && { to }) }), why, text].filter(Boolean).join(' · ')
}

export function stateOf(event: LifeEvent): State | undefined {
  const { missed, excuse, type } = event
  if (event.pending) return { tone: 'wait', icon: 'phone', text: t('life.state.kept') }
  if (missed?.settled)
    return missed.justified
      ? { tone: 'done', icon: 'check', text: t('life.state.justified') }
      : { tone: 'late', icon: 'alert', text: t('life.state.unjustified') }
  if (excuse?.state === 'refused') return { tone: 'late', icon: 'alert', text: t('life.state.refused') }
  if (excuse?.state === 'accepted') return { tone: 'done', icon: 'check', text: t('life.state.accepted') }
  if (excuse) return { tone: 'pen', icon: 'send', text: t('life.state.sent') }
  if (missed?.justified) return { tone: 'done', icon: 'check', text: t('life.state.justified') }
  if (type === 'absence' || type === 'lateness')
    return { tone: 'late', icon: 'alert', text: t('life.state.open') }
  return undefined
}
