/**
 * Every address of the app. A route has a path, the tab it belongs to and a lazily loaded screen,
 * which receives the path's parameters as props and names the window.
 */
import type { Component } from 'svelte'

export type Tab =
  | 'home'
  | 'mail'
  | 'work'
  | 'copies'
  | 'classes'
  | 'timetable'
  | 'agenda'
  | 'notebook'
  | 'grades'
  | 'life'
  | 'information'
  | 'more'

export interface Route {
  path: string
  load: () => Promise<{ default: Component<never> }>
  tab?: Tab
  /** Needs no session. */
  open?: true
  /** Stands side by side on a wide window: takes all of it. */
  wide?: true
  /** Stays as it is while its address changes. */
  steady?: true
  /** Speaks only the words that come with it: shown first, waits for nothing. */
  early?: true
}

/** One screen, whatever the day. */
const days = {
  tab: 'timetable',
  wide: true,
  steady: true,
  load: () => import('../screens/timetable/Timetable.svelte'),
} as const

/** One day of a family, or of a teacher. */
const day = {
  tab: 'agenda',
  steady: true,
  load: () => import('../screens/agenda/Day.svelte'),
} as const
const eventForm = { tab: 'agenda', load: () => import('../screens/agenda/Write.svelte') } as const

/** All of these are one screen. */
const mailbox = {
  tab: 'mail',
  wide: true,
  steady: true,
  load: () => import('../screens/mail/Mail.svelte'),
} as const

/** What pupils and guardians read, and where teachers begin. */
const marks = { tab: 'grades', load: () => import('../screens/grades/Grades.svelte') } as const
const gradebook = { tab: 'grades', load: () => import('../screens/grades/Teaching.svelte') } as const
const skills = { tab: 'grades', load: () => import('../screens/skills/Skills.svelte') } as const
const skillTeaching = { tab: 'grades', load: () => import('../screens/skills/Teaching.svelte') } as const
/** Report cards: read and printed in one file, made in another. */
const cards = { tab: 'grades', load: () => import('../screens/cards/Cards.svelte') } as const
const making = { tab: 'grades', load: () => import('../screens/cards/Making.svelte') } as const
const attendance = {
  tab: 'life',
  load: () => import('../screens/attendance/Attendance.svelte'),
} as const

const canteen = {
  tab: 'more',
  wide: true,
  steady: true,
  load: () => import('../screens/canteen/Canteen.svelte'),
} as const
const informing = {
  tab: 'information',
  load: () => import('../screens/information/Information.svelte'),
} as const

export const routes = {
  home: {
    path: '/',
    tab: 'home',
    early: true,
    load: () => import('../screens/home/Home.svelte'),
  },

  mail: { path: '/messages', ...mailbox },
  mailFolder: { path: '/messages/:folder', ...mailbox },
  mailCategory: { path: '/messages/categorie/:category', ...mailbox },
  mailRead: { path: '/messages/lire/:id', ...mailbox },
  mailReport: {
    path: '/messages/moderation/:report',
    tab: 'mail',
    load: () => import('../screens/mail/moderation/Case.svelte'),
  },
  mailBook: {
    path: '/messages/carnet',
    tab: 'mail',
    load: () => import('../screens/mail/AddressBook.svelte'),
  },
  mailReach: {
    path: '/messages/a-qui',
    tab: 'mail',
    load: () => import('../screens/mail/rules/Reach.svelte'),
  },
  mailWrite: {
    path: '/messages/ecrire/:draft',
    tab: 'mail',
    load: () => import('../screens/mail/compose/Compose.svelte'),
  },

  work: {
    path: '/travail',
    tab: 'work',
    early: true,
    load: () => import('../screens/work/Work.svelte'),
  },
  give: {
    path: '/travail/donner',
    tab: 'work',
    load: () => import('../screens/work/Give.svelte'),
  },
  edit: {
    path: '/travail/modifier/:course/:id',
    tab: 'work',
    load: () => import('../screens/work/Give.svelte'),
  },
  homework: {
    path: '/travail/:id',
    tab: 'work',
    load: () => import('../screens/work/Homework.svelte'),
  },
  copies: {
    path: '/copies',
    tab: 'copies',
    load: () => import('../screens/copies/Copies.svelte'),
  },
  collection: {
    path: '/copies/:course/:id',
    tab: 'copies',
    wide: true,
    load: () => import('../screens/copies/Collection.svelte'),
  },
  copy: {
    path: '/copies/:course/:id/:student',
    tab: 'copies',
    wide: true,
    load: () => import('../screens/copies/Collection.svelte'),
  },

  timetable: { path: '/emploi-du-temps', ...days },
  timetableDay: { path: '/emploi-du-temps/:day', ...days },
  schoolYear: {
    path: '/annee-scolaire',
    tab: 'timetable',
    load: () => import('../screens/timetable/SchoolYear.svelte'),
  },
  calendar: {
    path: '/reglages/agenda',
    tab: 'timetable',
    load: () => import('../screens/timetable/Feed.svelte'),
  },
  agenda: {
    path: '/agenda',
    tab: 'agenda',
    wide: true,
    load: () => import('../screens/agenda/Agenda.svelte'),
  },
  event: {
    path: '/agenda/:id',
    tab: 'agenda',
    load: () => import('../screens/agenda/Event.svelte'),
  },
  eventNew: { path: '/agenda/ecrire', ...eventForm },
  eventEdit: { path: '/agenda/ecrire/:id', ...eventForm },
  today: { path: '/journee', ...day },
  day: { path: '/journee/:day', ...day },
  notebook: {
    path: '/cahier',
    tab: 'notebook',
    wide: true,
    load: () => import('../screens/notebook/Notebook.svelte'),
  },
  page: {
    path: '/cahier/:id',
    tab: 'notebook',
    load: () => import('../screens/notebook/Page.svelte'),
  },
  pageWrite: {
    path: '/cahier/ecrire/:course/:id',
    tab: 'notebook',
    load: () => import('../screens/notebook/Write.svelte'),
  },
  grades: { path: '/notes', ...marks },
  familyGrades: { path: '/notes/famille', ...marks },
  simulator: { path: '/notes/simuler', ...marks },
  grade: { path: '/notes/:id', ...marks },
  gradebook: { path: '/notes/cours/:course', ...gradebook, wide: true },
  assess: { path: '/notes/cours/:course/nouveau', ...gradebook },
  assessment: { path: '/notes/cours/:course/:id', ...gradebook },
  amend: { path: '/notes/cours/:course/:id/modifier', ...gradebook },
  gradeRules: {
    path: '/reglages/notes',
    tab: 'more',
    load: () => import('../screens/grades/rules/Rules.svelte'),
  },
  gradePeriod: {
    path: '/reglages/notes/:period',
    tab: 'more',
    load: () => import('../screens/grades/rules/EditPeriod.svelte'),
  },
  skills: { path: '/competences', ...skills },
  skillBook: { path: '/competences/cours/:course', ...skillTeaching },
  evaluate: { path: '/competences/cours/:course/nouveau', ...skillTeaching },
  evaluation: { path: '/competences/cours/:course/:id', ...skillTeaching, wide: true },
  amendEvaluation: { path: '/competences/cours/:course/:id/modifier', ...skillTeaching },
  skillRules: {
    path: '/reglages/competences',
    tab: 'more',
    load: () => import('../screens/skills/rules/Rules.svelte'),
  },
  cards: { path: '/bulletins', ...cards },
  card: { path: '/bulletins/:student/:period', ...cards },
  statement: { path: '/bulletins/releve/:student/:period', ...cards },
  cardBatch: { path: '/bulletins/imprimer/:class', ...cards },
  appraise: { path: '/bulletins/cours/:course', ...making, wide: true },
  council: { path: '/bulletins/conseil/:class', ...making },
  councilPupil: { path: '/bulletins/conseil/:class/:student', ...making, wide: true },
  cardRules: { path: '/reglages/bulletins', ...making, tab: 'more' },
  rolls: { path: '/appel', ...attendance },
  roll: { path: '/appel/:course', ...attendance },
  observe: { path: '/appel/:course/:student', ...attendance },
  life: { path: '/vie-scolaire', ...attendance, wide: true },
  justify: { path: '/vie-scolaire/justifier/:student', ...attendance },
  record: { path: '/vie-scolaire/eleve/:student', ...attendance },
  incident: { path: '/vie-scolaire/incident', ...attendance },
  callRoll: { path: '/vie-scolaire/appel/:group', ...attendance },
  lifeRules: { path: '/reglages/vie-scolaire', ...attendance, tab: 'more' },

  canteen: { path: '/cantine', ...canteen },
  canteenWeek: { path: '/cantine/:day', ...canteen },
  canteenPlan: {
    path: '/cantine/saisir/:day',
    tab: 'more',
    wide: true,
    load: () => import('../screens/canteen/Plan.svelte'),
  },

  informations: { path: '/informations', ...informing },
  information: { path: '/informations/:id', ...informing },
  inform: { path: '/informations/ecrire', ...informing },
  correct: { path: '/informations/corriger/:id', ...informing },
  broadcast: { path: '/informations/publiees/:id', ...informing },

  classes: {
    path: '/classes',
    tab: 'classes',
    load: () => import('../screens/staff/Classes.svelte'),
  },
  class: {
    path: '/classes/:id',
    tab: 'classes',
    load: () => import('../screens/staff/People.svelte'),
  },
  spaces: {
    path: '/espaces',
    tab: 'more',
    load: () => import('../screens/spaces/Spaces.svelte'),
  },
  space: {
    path: '/espaces/:id',
    tab: 'more',
    load: () => import('../screens/spaces/Space.svelte'),
  },
  documents: {
    path: '/porte-documents',
    tab: 'more',
    load: () => import('../screens/documents/Documents.svelte'),
  },
  documentFolder: {
    path: '/porte-documents/:folder',
    tab: 'more',
    load: () => import('../screens/documents/Documents.svelte'),
  },
  settings: {
    path: '/reglages',
    tab: 'more',
    load: () => import('../screens/settings/Settings.svelte'),
  },
  transfers: {
    path: '/transferts',
    tab: 'more',
    load: () => import('../screens/transfers/Transfers.svelte'),
  },
  transfer: {
    path: '/transferts/:id',
    tab: 'more',
    load: () => import('../screens/transfers/Transfer.svelte'),
  },
  collect: {
    path: '/collectes/:id',
    tab: 'more',
    load: () => import('../screens/collect/Collect.svelte'),
  },
  newCollect: {
    path: '/collectes/nouvelle',
    tab: 'more',
    load: () => import('../screens/collect/NewCollect.svelte'),
  },
  deposit: {
    path: '/depots/:id',
    tab: 'more',
    load: () => import('../screens/collect/Deposits.svelte'),
  },
  alerts: {
    path: '/reglages/alertes',
    tab: 'more',
    load: () => import('../screens/settings/Alerts.svelte'),
  },
  alertRules: {
    path: '/reglages/alertes/etablissement',
    tab: 'more',
    load: () => import('../screens/settings/AlertRules.svelte'),
  },
  email: {
    path: '/reglages/courriel',
    tab: 'more',
    load: () => import('../screens/settings/Email.svelte'),
  },
  outbox: {
    path: '/reglages/envois',
    tab: 'more',
    load: () => import('../screens/settings/Outbox.svelte'),
  },
  storage: {
    path: '/reglages/stockage',
    tab: 'more',
    load: () => import('../screens/settings/Storage.svelte'),
  },
  about: {
    path: '/reglages/a-propos',
    tab: 'more',
    load: () => import('../screens/settings/About.svelte'),
  },
  mailRules: {
    path: '/reglages/messagerie',
    tab: 'more',
    load: () => import('../screens/mail/rules/Rules.svelte'),
  },
  documentRules: {
    path: '/reglages/porte-documents',
    tab: 'more',
    load: () => import('../screens/documents/Quotas.svelte'),
  },
  password: {
    path: '/reglages/mot-de-passe',
    tab: 'more',
    load: () => import('../screens/settings/Password.svelte'),
  },
  devices: {
    path: '/appareils',
    tab: 'more',
    load: () => import('../screens/devices/Devices.svelte'),
  },
  addDevice: {
    path: '/appareils/ajouter',
    tab: 'more',
    load: () => import('../screens/pairing/AddDevice.svelte'),
  },
  install: {
    path: '/installer',
    tab: 'more',
    load: () => import('../screens/install/Install.svelte'),
  },

  pair: {
    path: '/lier',
    open: true,
    load: () => import('../screens/pairing/Pair.svelte'),
  },
  scan: {
    path: '/lier/code',
    open: true,
    load: () => import('../screens/pairing/EnterCode.svelte'),
  },
  activate: {
    path: '/activer',
    open: true,
    load: () => import('../screens/activation/Activate.svelte'),
  },
  accessibility: {
    path: '/accessibilite',
    open: true,
    load: () => import('../screens/help/Accessibility.svelte'),
  },
  guide: {
    path: '/aide',
    tab: 'more',
    load: () => import('../screens/help/Guide.svelte'),
  },
  lost: {
    path: '/perdu',
    open: true,
    load: () => import('../screens/help/Lost.svelte'),
  },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof routes

type Names<P> = P extends `${string}:${infer N}/${infer Rest}`
  ? N | Names<Rest>
  : P extends `${string}:${infer N}`
    ? N
    : never
/** The parameters in the path of a route: ParamsOf<'copy'> is { course, id, student }. */
export type ParamsOf<R extends RouteName> = Record<Names<(typeof routes)[R]['path']>, string>

/** The address of a screen: href('homework', { id }). */
export function href<R extends RouteName>(
  name: R,
  ...[params]: Names<(typeof routes)[R]['path']> extends never ? [] : [ParamsOf<R>]
): string {
  const values: Readonly<Record<string, string>> = params ?? {}
  return routes[name].path.replace(/:(\w+)/g, (_, key: string) => encodeURIComponent(values[key] ?? ''))
}

export interface Match {
  name: RouteName
  route: Route
  params: Record<string, string>
}

/** The route of a path. Fixed segments win over parameters; an unknown path is `lost`. */
export function match(path: string): Match {
  const clean = path.replace(/(.)\/+$/, '$1')
  for (const name of names) {
    const params = fits(routes[name].path, clean)
    if (params) return { name, route: routes[name], params }
  }
  return { name: 'lost', route: routes.lost, params: {} }
}

const names = (Object.keys(routes) as RouteName[]).sort((a, b) => holes(a) - holes(b))

function holes(name: RouteName): number {
  return routes[name].path.split(':').length
}

function fits(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/')
  const found = path.split('/')
  if (wanted.length !== found.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, segment] of wanted.entries()) {
    const value = found[i] ?? ''
    if (segment.startsWith(':') && value) params[segment.slice(1)] = decode(value)
    else if (segment !== value) return undefined
  }
  return params
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
