/** The competences that a school works with: what is shipped, and what was decided over it. Pure. */
import type { Level, Skill, SkillSettings, Subject, View } from '../sync/index.ts'
import shipped from './framework.json'

export interface Framework {
  settings: SkillSettings
  /** 0: nothing was decided. */
  seq: number
  /** Of the school, by id; then those of a course. */
  skills: Map<string, Skill>
  /** Made by the teachers of the course. */
  own: Set<string>
}

/** Of a school that decided nothing, as the server has it (api/skills/framework.json). */
export const usual: SkillSettings = {
  levels: shipped.levels,
  domains: shipped.domains,
  mode: shipped.mode as SkillSettings['mode'],
}

export async function frameworkOf(view: View, course?: string): Promise<Framework> {
  const [settings, skills] = await Promise.all([view.all('skills'), view.all('skill')])
  const school = skills.filter(({ scope }) => scope.startsWith('school:'))
  const own = skills.filter(({ scope }) => scope === `course:${course ?? ''}`)
  return {
    settings: settings[0]?.value ?? usual,
    seq: settings[0]?.seq ?? 0,
    skills: new Map<string, Skill>([
      ...Object.entries(shipped.skills as Record<string, Skill>),
      ...school.map(({ id, value }): [string, Skill] => [id, value]),
      ...own.map(({ id, value }): [string, Skill] => [id, value]),
    ]),
    own: new Set(own.map(({ id }) => id)),
  }
}

/** Those that are given, the lowest first. */
export function given(settings: SkillSettings): Level[] {
  return settings.levels.filter(({ aside }) => !aside).sort((a, b) => a.points - b.points)
}

export function levelOf(settings: SkillSettings, id: string | undefined): Level | undefined {
  return settings.levels.find((level) => level.id === id)
}

/** How full the sign of a level is, 0 to 1: the lowest is empty. */
export function fullness(settings: SkillSettings, { points }: Level): number {
  const all = settings.levels.filter(({ aside }) => !aside).map((one) => one.points)
  const [low, high] = [Math.min(...all), Math.max(...all)]
  return high === low ? 1 : Math.max(0, Math.min(1, (points - low) / (high - low)))
}

/** Is a competence of a subject? Those of none are everybody's. */
export function isOf(skill: Skill, subject: { id: string } & Pick<Subject, 'name'>): boolean {
  if (skill.subject) return skill.subject === subject.id
  return skill.about !== undefined && skill.about !== '' && folded(subject.name).startsWith(skill.about)
}

/** Without accents and capitals. */
export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('’', "'").toLowerCase()
}
