/** What may be dropped at once, and how often by one person. */
export interface DropLimits {
  files: number
  bytes: number
  drops: number
}

/** user:O, type "collect": what its person asks others for. Nothing is dropped from `until` on. */
export interface Collect extends DropLimits {
  title: string
  text: string
  secret: string
  audiences: { scope: string; name: string }[]
  at: string
  until: string
  erased: string
}

/** class:K or group:K, type "request": what its pupils and their guardians are asked for. */
export interface FileRequest extends DropLimits {
  title: string
  text: string
  by: { id: string; name: string }
  until: string
}

export interface ExpectedPupil {
  id: string
  name: string
  class: string
}

/** user:O, type "expected": of whom something is expected. */
export interface Expected {
  pupils: ExpectedPupil[]
}

export interface DroppedFile {
  name: string
  type: string
  size: number
  state: 'waiting' | 'checking' | 'ready' | 'infected' | 'unsafe' | 'missing'
}

/** user:O, type "drop": what somebody dropped; without an account, who they say that they are. */
export interface Drop {
  collect: string
  by?: { id: string; name: string }
  student?: ExpectedPupil
  said?: string
  child?: string
  at: string
  files: DroppedFile[]
}

/** user:U, type "deposit": what its person dropped. */
export interface Deposit {
  collect: string
  title: string
  to: { id: string; name: string }
  until: string
  student?: ExpectedPupil
  at: string
  files: DroppedFile[]
  /** Why it is none. */
  refused?: string
}

export interface CollectRecords {
  collect: Collect
  expected: Expected
  drop: Drop
  request: FileRequest
  deposit: Deposit
}

/** All are acts of a person in user:U. */
export interface CollectActions {
  'collect.open@1': {
    id: string
    secret: string
    title: string
    text: string
    audiences: string[]
    days: number
  } & DropLimits
  'collect.extend@1': { id: string; days: number }
  'collect.close@1': { id: string }
  'collect.erase@1': { id: string }
  'collect.drop@1': {
    id: string
    collect: string
    child?: string
    files: { name: string; type: string; size: number }[]
  }
  'collect.withdraw@1': { id: string }
}
