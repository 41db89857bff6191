/** The files that a person keeps. In user:U where nothing else is said. */
import type { FileRef } from './records.ts'

/** What a file was kept from. */
export interface DocumentOrigin {
  kind: 'message' | 'homework'
  id: string
}

export interface KeptDocument {
  name: string
  /** A record documentFolder; absent, or one that is gone: outside of all. */
  folder?: string
  file: FileRef
  origin?: DocumentOrigin
  at: string
  /** Since when it lies in the bin. */
  binned?: string
}

export interface DocumentFolder {
  name: string
}

/** school:X, id "documents": how many megabytes each may keep. */
export interface DocumentQuotas {
  pupil: number
  guardian: number
  staff: number
}

export interface DocumentRecords {
  document: KeptDocument
  documentFolder: DocumentFolder
  documents: DocumentQuotas
}

export interface DocumentActions {
  /** Refused `quota` (current: { left, most }), `not_found file`. With an origin the file is there already. */
  'document.keep@1': { id: string; folder?: string; file: FileRef; origin?: DocumentOrigin }
  'document.rename@1': { id: string; name: string }
  /** '' is outside of all folders. */
  'document.move@1': { ids: string[]; folder: string }
  /** Into the bin. */
  'document.remove@1': { ids: string[] }
  'document.restore@1': { ids: string[] }
  /** For ever; only what is in the bin. */
  'document.purge@1': { ids: string[] }
  'document.folder@1': { id: string; name: string }
  'document.unfolder@1': { id: string }
  /** school:X */
  'document.quotas@1': DocumentQuotas
}
