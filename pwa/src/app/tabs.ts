/** The main places of the app, by role. */
import type { Key } from '../i18n/index.svelte'
import type { IconName } from '../ui/icons'
import { href, type Tab } from './routes'
import { session } from './session.svelte'

export interface Place {
  tab: Tab
  href: string
  icon: IconName
  label: Key
  /** Beside a wide window only: on a phone home and the settings lead there. */
  broad?: boolean
  /** Where there is little room. */
  short?: Key
}

const home: Place = { tab: 'home', href: href('home'), icon: 'home', label: 'nav.home' }
const mail: Place = { tab: 'mail', href: href('mail'), icon: 'mail', label: 'nav.mail' }
const work: Place = { tab: 'work', href: href('work'), icon: 'page', label: 'nav.work' }
const workbook: Place = { ...work, label: 'nav.workbook', short: 'nav.workbook.short' }
const copies: Place = { tab: 'copies', href: href('copies'), icon: 'camera', label: 'nav.copies' }
const grades: Place = { tab: 'grades', href: href('grades'), icon: 'chart', label: 'nav.grades' }
const cards: Place = { tab: 'grades', href: href('cards'), icon: 'chart', label: 'nav.cards', broad: true }
const life: Place = { tab: 'life', href: href('life'), icon: 'shield', label: 'nav.life' }
const rolls: Place = { ...life, href: href('rolls'), icon: 'check', label: 'nav.roll' }
const classes: Place = { tab: 'classes', href: href('classes'), icon: 'people', label: 'nav.classes' }
const timetable: Place = {
  tab: 'timetable',
  href: href('timetable'),
  icon: 'clock',
  label: 'nav.timetable',
  broad: true,
}
const agenda: Place = {
  tab: 'agenda',
  href: href('agenda'),
  icon: 'calendar',
  label: 'nav.agenda',
  broad: true,
}
const notebook: Place = {
  tab: 'notebook',
  href: href('notebook'),
  icon: 'book',
  label: 'nav.notebook',
  broad: true,
}
const informations: Place = {
  tab: 'information',
  href: href('informations'),
  icon: 'bell',
  label: 'nav.informations',
  broad: true,
}
const more: Place = { tab: 'more', href: href('settings'), icon: 'settings', label: 'nav.more' }

export function places(): Place[] {
  const list = [home, mail]
  if (session.is('student', 'guardian')) list.push(work)
  if (session.is('teacher')) list.push(session.is('guardian') ? { ...copies } : workbook, copies)
  if (session.is('teacher')) list.push(rolls, { ...grades, broad: !session.is('student', 'guardian') })
  if (session.is('student', 'guardian')) list.push(grades, { ...life, short: 'nav.life.short' })
  if (session.is('staff', 'direction')) list.push(life, cards)
  if (session.is('staff', 'direction', 'admin')) list.push(classes)
  if (session.is('staff', 'direction') && !session.is('teacher'))
    list.push({ ...timetable, short: 'nav.timetable.short', broad: false })
  if (session.is('student', 'guardian', 'teacher')) list.push(timetable, notebook)
  list.push(agenda, informations, more)
  return list.filter((place, i) => list.findIndex((other) => other.tab === place.tab) === i)
}
