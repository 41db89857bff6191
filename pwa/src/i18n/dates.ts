/** Dates and quantities as people say them, in the school's time zone: "demain, 8 h", "il y a 3 min", "182 ko". */
import { number, speech, t } from './index.svelte'

type When = Date | string | number

const cache = new Map<string, Intl.DateTimeFormat>()

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([speech.language, speech.timeZone, options])
  let made = cache.get(key)
  if (!made) {
    made = new Intl.DateTimeFormat(locale(), {
      ...options,
      ...(speech.timeZone && { timeZone: speech.timeZone }),
    })
    cache.set(key, made)
  }
  return made
}

function locale(): string {
  return speech.language === 'fr' ? 'fr-FR' : 'en-GB'
}

/** 2026-11-24, in the school's time zone: a key to group by day. */
export function dayKey(when: When): string {
  const parts = format({ year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(new Date(when))
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

/** Whole days from now to then: 0 today, 1 tomorrow, -1 yesterday. */
export function daysAway(when: When, now: When = Date.now()): number {
  return Math.round((Date.parse(dayKey(when)) - Date.parse(dayKey(now))) / 86_400_000)
}

/** "8 h", "17 h 30"; "8 am", "5:30 pm". */
export function hour(when: When): string {
  return hourOfClock(clock(new Date(when)))
}

/** The same, of "08:00" as it stands on a clock. */
export function hourOfClock(time: string): string {
  const [hours = '', minutes = ''] = time.split(':')
  const count = Number(hours)
  if (speech.language === 'en')
    return `${count % 12 || 12}${minutes === '00' ? '' : `:${minutes}`} ${count < 12 ? 'am' : 'pm'}`
  return `${count}\u00a0h${minutes === '00' ? '' : `\u00a0${minutes}`}`
}

/** "08:12", as on a clock. */
export function clock(when: When): string {
  return format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(when))
}

/** "aujourd’hui", "demain", "jeudi", "jeudi 3 décembre", "3 septembre 2025". */
export function day(when: When, now: When = Date.now()): string {
  const away = daysAway(when, now)
  if (Math.abs(away) <= 1) return relativeDay(away)
  const date = new Date(when)
  if (away > 1 && away < 7) return format({ weekday: 'long' }).format(date)
  if (away > -300 && away < 300) return fullDay(date)
  return first(format({ day: 'numeric', month: 'long', year: 'numeric' }).format(date))
}

/** "1er décembre", where French counts the first day so. */
export function first(words: string): string {
  return speech.language === 'fr' ? words.replace(/(^| )1 /, '$11er ') : words
}

function relativeDay(away: number): string {
  if (away === 0) return t('when.today')
  return away === 1 ? t('when.tomorrow') : t('when.yesterday')
}

/** "lundi 23 novembre", always in full. */
export function fullDay(when: When): string {
  return first(format({ weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(when)))
}

/** "3 décembre"; "3 déc.". */
export function date(when: When, month: 'long' | 'short' = 'long'): string {
  return first(format({ day: 'numeric', month }).format(new Date(when)))
}

/** "demain, 8 h": a day and an hour, for what is due. */
export function due(when: When, now: When = Date.now()): string {
  return t('when.due', { day: day(when, now), hour: hour(when) })
}

/** "07:55", "hier 18:41", "dim. 16:31", "3 nov.": when something happened, short. */
export function stamp(when: When, now: When = Date.now()): string {
  const away = daysAway(when, now)
  const date = new Date(when)
  if (away === 0) return clock(date)
  if (away === -1) return `${t('when.yesterday')} ${clock(date)}`
  if (away > -7 && away < 0) return `${format({ weekday: 'short' }).format(date)} ${clock(date)}`
  return first(format({ day: 'numeric', month: 'short' }).format(date))
}

/** "à l’instant", "il y a 3 min", "il y a 2 h", "hier". */
export function ago(when: When, now: When = Date.now()): string {
  const seconds = (new Date(now).getTime() - new Date(when).getTime()) / 1000
  if (seconds < 45) return t('when.now')
  const relative = new Intl.RelativeTimeFormat(speech.language, { numeric: 'auto', style: 'short' })
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute')
  if (seconds < 86_400 && daysAway(when, now) === 0)
    return relative.format(-Math.round(seconds / 3600), 'hour')
  return relative.format(daysAway(when, now), 'day')
}

/** "1 min 42 s", "3 h 20": how much is left. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  if (whole < 60) return t('when.seconds', { s: whole })
  if (whole < 3600)
    return t('when.minutes', { m: Math.floor(whole / 60), s: String(whole % 60).padStart(2, '0') })
  return t('when.hours', {
    h: Math.floor(whole / 3600),
    m: String(Math.floor((whole % 3600) / 60)).padStart(2, '0'),
  })
}

/** "182 ko", "1,4 Mo", "10 Go". */
export function size(bytes: number): string {
  if (bytes < 1000) return t('size.b', { n: bytes })
  if (bytes < 1_000_000) return t('size.kb', { n: Math.round(bytes / 1000) })
  if (bytes >= 1_000_000_000)
    return t('size.gb', { n: number(bytes / 1e9, { maximumFractionDigits: bytes < 1e10 ? 1 : 0 }) })
  return t('size.mb', { n: number(bytes / 1_000_000, { maximumFractionDigits: bytes < 10_000_000 ? 1 : 0 }) })
}
