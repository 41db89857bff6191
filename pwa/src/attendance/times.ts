/** Moments of a school day in words. They are the school's own: no time zone has a say. */
import { clock, dayKey, first } from '../i18n/dates.ts'
import { speech, t } from '../i18n/index.svelte.ts'

/** Now, as the school's clock shows it: "2026-11-24T08:05". */
export function schoolNow(now: Date = new Date()): string {
  return `${dayKey(now)}T${clock(now)}`
}

const utc = (moment: string): Date => new Date(`${moment.length === 10 ? `${moment}T00:00` : moment}:00Z`)

function words(moment: string, options: Intl.DateTimeFormatOptions): string {
  const locale = speech.language === 'fr' ? 'fr-FR' : 'en-GB'
  return first(new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }).format(utc(moment)))
}

/** "mardi 24 novembre". */
export function dayOf(moment: string): string {
  return words(moment, { weekday: 'long', day: 'numeric', month: 'long' })
}

/** "lundi", as Date counts the days of a week. */
export function weekdayName(day: number): string {
  return words(`2026-11-${String(22 + day)}`, { weekday: 'long' })
}

/** "24 nov." */
export function shortDay(moment: string): string {
  return words(moment, { day: 'numeric', month: 'short' })
}

/** "8 h 30"; "8:30 am". */
export function hourOf(moment: string): string {
  const [hours = '', minutes = ''] = moment.slice(-5).split(':')
  if (speech.language === 'en')
    return words(moment, { hour: 'numeric', minute: '2-digit', hour12: true }).replace(':00', '')
  return `${String(Number(hours))}\u00a0h${minutes === '00' ? '' : `\u00a0${minutes}`}`
}

/** "mardi 24 novembre, de 8 h à 10 h", "du 24 nov., 8 h, au 26 nov., 17 h". */
export function spanOf({ from, to }: { from: string; to?: string | undefined }): string {
  if (!to) return t('life.at', { day: dayOf(from), from: hourOf(from) })
  if (from.slice(0, 10) === to.slice(0, 10))
    return t('life.within', { day: dayOf(from), from: hourOf(from), to: hourOf(to) })
  return t('life.over', { from: shortDay(from), at: hourOf(from), to: shortDay(to), until: hourOf(to) })
}

export function addDays(date: string, days: number): string {
  const moved = utc(date)
  moved.setUTCDate(moved.getUTCDate() + days)
  return moved.toISOString().slice(0, 10)
}
