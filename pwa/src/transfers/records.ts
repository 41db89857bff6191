/** user:U, type "transfer": files that its person sends by a link, while they are there. */
export interface Transfer {
  title: string
  secret: string
  files: number
  size: number
  /** Files, and their bytes, that are at the school. */
  arrived: number
  bytes: number
  /** Files that the scanner refused. */
  refused?: number
  downloads?: number
  lately?: string
  /** It asks for a password. */
  lock?: string
  /** Its files are encrypted; the first one names the others. */
  sealed?: boolean
  at: string
  until: string
}

export interface NamedFile {
  name: string
  type: string
  size: number
}

export interface TransferRecords {
  transfer: Transfer
}

export interface TransferActions {
  'transfer.open@1': {
    id: string
    secret: string
    title: string
    files: NamedFile[]
    days: number
    password?: string
    sealed?: true
  }
  'transfer.add@1': { id: string; from: number; files: NamedFile[] }
  'transfer.extend@1': { id: string; days: number }
  'transfer.protect@1': { id: string; password: string }
  'transfer.close@1': { id: string }
}
