/** Whom an author may inform, and how many people that is by what the device knows. Pure. */
import type { Class, Course, InformedRole, List, Row, Target } from '../sync/index.ts'

export interface Place {
  /** "school", "level:5e", "class:C", "group:G". */
  of: string
  name: string
}

export interface Author {
  school: string
  /** Vie scolaire or direction: everybody. */
  office: boolean
}

/** The roles that an author may inform. */
export function rolesOf({ office }: Author): InformedRole[] {
  return office ? ['students', 'guardians', 'teachers', 'staff'] : ['students', 'guardians']
}

const byName = (a: Place, b: Place): number => a.name.localeCompare(b.name, 'fr', { numeric: true })

/** The levels, classes and groups that an author may inform: of a teacher, those taught. */
export function placesOf(
  author: Author,
  classes: readonly Row<Class>[],
  courses: readonly Row<Course>[],
): { levels: Place[]; classes: Place[]; groups: Place[] } {
  const taught = new Set(
    courses.filter(({ scope }) => scope.startsWith('course:')).map(({ value }) => value.audience),
  )
  const mine = classes.filter(({ scope }) => !scope.includes('/') && (author.office || taught.has(scope)))
  const of = (kind: Class['kind']): Place[] =>
    mine
      .filter(({ value }) => value.kind === kind)
      .map(({ scope, value }) => ({ of: scope, name: value.name }))
      .sort(byName)
  const levels = new Set(mine.flatMap(({ value }) => (value.kind === 'class' && value.level) || []))
  return {
    levels: author.office ? [...levels].map((name) => ({ of: `level:${name}`, name })).sort(byName) : [],
    classes: of('class'),
    groups: of('group'),
  }
}

/** The targets of a form: the same roles in each place; who does not teach is of the whole school. */
export function targetsOf(roles: readonly InformedRole[], places: readonly string[]): Target[] {
  if (places.includes('school')) return roles.length > 0 ? [{ of: 'school', roles: [...roles] }] : []
  const local = roles.filter((role) => role !== 'staff')
  return [
    ...(local.length > 0 ? places.map((of): Target => ({ of, roles: [...local] })) : []),
    ...(roles.includes('staff') ? [{ of: 'school', roles: ['staff'] } satisfies Target] : []),
  ]
}

/** What a form shows of targets. */
export function choicesOf(targets: readonly Target[]): { roles: InformedRole[]; places: string[] } {
  const roles = [...new Set(targets.flatMap((target) => target.roles))]
  const staffAlone = (target: Target): boolean => target.of === 'school' && target.roles.join() === 'staff'
  const places = targets.filter((target) => targets.length === 1 || !staffAlone(target))
  return { roles, places: places.map(({ of }) => of) }
}

/** How many people targets are, each once; undefined where the device does not know one of them. */
export function peopleIn(
  targets: readonly Target[],
  lists: readonly Row<List>[],
  classes: readonly Row<Class>[],
  { school }: Author,
): number | undefined {
  const people = new Set<string>()
  const known = new Map(lists.map((row) => [row.id, row.value.people]))
  for (const { of, roles } of targets) {
    for (const role of roles) {
      const keys = keysOf(of, role, classes, school)
      if (keys.length === 0 || !keys.some((key) => known.has(key))) return undefined
      for (const key of keys) for (const { id } of known.get(key) ?? []) people.add(id)
    }
  }
  return people.size
}

function keysOf(of: string, role: InformedRole, classes: readonly Row<Class>[], school: string): string[] {
  if (role === 'staff') return [`school:${school}/staff`, `school:${school}/direction`]
  if (of === 'school' && role === 'teachers') return [`school:${school}/teachers`]
  if (of.startsWith('class:') || of.startsWith('group:')) return [`${of}/${role}`]
  const inside = classes.filter(
    ({ scope, value }) =>
      scope.startsWith('class:') &&
      !scope.includes('/') &&
      (of === 'school' || of === `level:${value.level ?? ''}`),
  )
  return inside.map(({ scope }) => `${scope}/${role}`)
}
