import type { SkillSettings } from '../sync/index.ts'

/** Does the school evaluate these by levels alone? */
export function levelsAlone(
  settings: SkillSettings | undefined,
  { audience, subject }: { audience: string; subject: string },
): boolean {
  const only = settings?.only ?? []
  return only.includes(audience) || only.includes(`subject:${subject}`)
}
