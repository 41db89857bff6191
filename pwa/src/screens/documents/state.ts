/** What becomes of a document, in a word. */
import type { Upload } from '../../sync/index.ts'
import { known, t } from '../../i18n/index.svelte'
import type { Entry } from '../../documents/documents.ts'

export interface State {
  tone: 'done' | 'wait' | 'late' | 'plain'
  text: string
  /** 0 to 1 while it is being sent. */
  part?: number
  /** It can be sent again. */
  again?: true
}

/** Nothing when all is well and there is nothing to say. */
export function stateOf({ value, pending }: Entry, upload: Upload | undefined): State | undefined {
  if (value.file.problem)
    return {
      tone: 'late',
      text: known(`documents.problem.${value.file.problem}`) ?? t('documents.problem.other'),
    }
  if (upload?.state === 'refused') return { tone: 'late', text: t('documents.state.unsent'), again: true }
  if (upload && upload.sent > 0 && upload.sent < upload.size) {
    const part = upload.sent / upload.size
    return { tone: 'wait', text: `${String(Math.round(100 * part))} %`, part }
  }
  if (upload ?? pending) return { tone: 'plain', text: t('documents.state.kept') }
  return value.file.waiting ? { tone: 'wait', text: t('documents.state.arriving') } : undefined
}
