import { toast } from '../app/announce.svelte'
import { session } from '../app/session.svelte'
import { t } from '../i18n/index.svelte'
import type { DocumentOrigin, FileRef } from '../sync/index.ts'
import { keepReaderOf } from '../viewer/reader.ts'
import { keepFiles } from './adding.ts'

/** Keeps a file on this device, or no longer, and says so. */
export async function pin(file: Pick<FileRef, 'sha' | 'name' | 'type'>, isPinned: boolean): Promise<void> {
  const { files } = session.device
  await (isPinned ? files.unpin([file.sha]) : files.keep([file.sha]))
  if (!isPinned) keepReaderOf([file])
  toast(t(isPinned ? 'documents.unpin.done' : 'documents.pin.done'))
}

/** Puts files of a message or of work into the porte-documents, and says so. */
export async function store(files: readonly FileRef[], origin: DocumentOrigin): Promise<void> {
  const undo = await keepFiles(session.device, files, origin)
  toast(t('documents.kept'), { undo: () => void undo() })
}
