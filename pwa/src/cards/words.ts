import { known, t } from '../i18n/index.svelte'
import type { Mention, Missing } from '../sync/index.ts'

/** "Félicitations" */
export function mentionName({ id, label }: Mention): string {
  return label ?? known(`cards.mention.${id}`) ?? id
}

/** How many signs a text has, as the server counts. */
export function signs(text: string): number {
  return Array.from(text).length
}

/** "3 demi-journées justifiées, aucune injustifiée, 2 retards." */
export function lifeWords(life: Missing): string[] {
  return [
    t('cards.life.justified', { count: life.halfDaysJustified }),
    t('cards.life.unjustified', { count: life.halfDaysUnjustified }),
    t('cards.life.hours', { count: Math.round(life.hoursMissed) }),
    t('cards.life.latenesses', { count: life.lates }),
  ]
}
