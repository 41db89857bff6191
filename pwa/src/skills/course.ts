/** The competences of a course as its teachers see them. Pure: records in, a view for the screens out. */
import { periodOf, periodsOf, pupilsOf, stageOf, today, type Pupil, type Stage } from '../grades/book.ts'
import { usualPolicy } from '../grades/policy.ts'
import type {
  Mastery,
  AssessedMark,
  Assessment,
  Evaluation,
  GradePolicy,
  Period,
  Position,
  Row,
  Subject,
  View,
} from '../sync/index.ts'
import { levelsAlone } from './alone.ts'
import { frameworkOf, type Framework } from './framework.ts'
import { standingOf, type Given, type Standing } from './position.ts'

/** An evaluation with what the pupils showed. */
export interface Looked {
  id: string
  seq: number
  evaluation: Evaluation
  masteries: Map<string, Row<Mastery>>
  /** How many pupils have something. */
  entered: number
  stage: Stage
  /** What two teachers wrote differently. */
  rivals: { student: string; skill: string }[]
}

export interface SkillBook {
  course: string
  title: string
  subject: Subject & { id: string }
  pupils: Pupil[]
  /** Of one period, oldest first. */
  looked: Looked[]
  standings: Map<string, Standing>
  positions: Map<string, Row<Position>>
  framework: Framework
  policy: GradePolicy
  periods: Row<Period>[]
  period: string
  closed: boolean
  assessments: Row<Assessment>[]
  marks: AssessedMark[]
  /** Levels, and no marks. */
  alone: boolean
}

/** A course in one period: the given one, or that of today. */
export async function skillBookOf(
  view: View,
  course: string,
  wanted: string | undefined,
  now: Date,
): Promise<SkillBook | undefined> {
  const scope = `course:${course}`
  const row = await view.get(scope, 'course', course)
  if (!row) return undefined
  const [roster, evaluations, masteries, positions, assessments, marks, policy, all, subjects, framework] =
    await Promise.all([
      view.list(scope, 'roster'),
      view.list(scope, 'evaluation'),
      view.list(scope, 'mastery'),
      view.list(scope, 'position'),
      view.list(scope, 'assessment'),
      view.list(scope, 'mark'),
      view.all('grades'),
      view.all('period'),
      view.all('subject'),
      frameworkOf(view, course),
    ])
  const periods = periodsOf(all, row.value)
  const there = evaluations.filter(({ value }) => !value.canceled)
  const period = wanted ?? periodOf(periods, there, today(now))
  const looked = there
    .filter(({ value }) => (value.period ?? '') === period)
    .map((one) => lookedAt(one, masteries, now))
    .sort((a, b) => a.evaluation.date.localeCompare(b.evaluation.date) || a.id.localeCompare(b.id))
  const pupils = pupilsOf(roster)
  const held = new Map(
    positions
      .filter(({ value }) => (value.period ?? '') === period)
      .map((one) => [one.value.student ?? '', one]),
  )
  const subject = subjects.find((one) => one.id === row.value.subject)?.value ?? { name: '?', hue: 265 }
  return {
    ...{ course, pupils, looked, framework, periods, period, assessments, positions: held },
    title: row.value.title ?? '',
    subject: { ...subject, id: row.value.subject },
    standings: new Map(
      pupils.map(({ id }) => [
        id,
        standingOf(givenTo(id, looked, framework), framework.settings, held.get(id)?.value),
      ]),
    ),
    policy: policy[0]?.value ?? usualPolicy,
    closed: isOver(periods.find(({ id }) => id === period)?.value, today(now)),
    marks: marks.map(({ value }) => value),
    alone: levelsAlone(framework.settings, row.value),
  }
}

/** Is nothing written in a period any more? */
function isOver(period: Period | undefined, day: string): boolean {
  const last = period?.seals?.skills
  return period?.closed === true || (last !== undefined && last !== '' && day > last)
}

function lookedAt(row: Row<Evaluation>, all: Row<Mastery>[], now: Date): Looked {
  const own = all.filter(({ value }) => value.evaluation === row.id)
  return {
    ...{ id: row.id, seq: row.seq, evaluation: row.value, stage: stageOf(row.value, now) },
    masteries: new Map(own.map((one) => [one.value.student, one])),
    entered: own.filter(({ value }) => Object.keys(value.values).length > 0).length,
    rivals: own.flatMap(({ value: { student, rivals } }) =>
      Object.keys(rivals ?? {}).map((skill) => ({ student, skill })),
    ),
  }
}

/** The levels of a pupil that the pupil can see, oldest first, as the server counts them. */
function givenTo(student: string, looked: Looked[], { skills }: Framework): Given[] {
  return looked
    .filter(({ stage }) => stage === 'pupils' || stage === 'everybody')
    .flatMap(({ id, evaluation, masteries }) => {
      const values = masteries.get(student)?.value.values ?? {}
      return evaluation.items.flatMap(({ skill }) => {
        const value = values[skill]
        const text = skills.get(skill)?.text ?? ''
        return value
          ? [{ evaluation: id, title: evaluation.title, date: evaluation.date, skill, text, value }]
          : []
      })
    })
}
