/** Levels and positions as people read them. */
import { known, t } from '../i18n/index.svelte'
import type { SkillSettings } from '../sync/index.ts'
import { levelOf } from './framework.ts'
import { isCode } from './typing.ts'

/** "Atteint", "Absent". */
export function inWords(value: string, settings: SkillSettings): string {
  if (isCode(value)) return t(`grades.code.${value}.long`)
  return levelOf(settings, value)?.label ?? (value === '' ? t('skills.nothing') : t('skills.unknown'))
}

/** "3 – objectifs atteints" */
export function position(value: number): string {
  return known(`skills.position.${String(value)}`) ?? ''
}
