import { known, t } from '../i18n/index.svelte'
import type { Mention, MissedCounts } from '../sync/index.ts'

/** "Félicitations" */
export function mentionName({ id, label }: Mention): string {
  return label ?? known(`cards.mention.${id}`) ?? id
}

/** How many signs a text has, as the server counts. */
export function signs(text: string): number {
  return Array.from(text).length
}

/** "3 demi-journées justifiées, aucune injustifiée, 2 retards." */
export function lifeWords(life: MissedCounts): string[] {
  return [
    t('cards.life.justified', { count: life.justified }),
    t('cards.life.unjustified', { count: life.unjustified }),
    t('cards.life.hours', { count: Math.round(life.minutes / 60) }),
    t('cards.life.latenesses', { count: life.latenesses }),
  ]
}
