/** What keys do in messages. Pure: a key in, what is meant out. */
import type { Key } from '../i18n/index.svelte'

export type Command =
  | 'next'
  | 'previous'
  | 'tick'
  | 'back'
  | 'reply'
  | 'replyAll'
  | 'forward'
  | 'file'
  | 'archive'
  | 'bin'
  | 'unread'
  | 'write'
  | 'search'
  | 'help'

interface Line {
  /** As `KeyboardEvent.key` says them; the first two are shown. */
  keys: readonly string[]
  does: Command
  label: Key
}

/** In the order in which the help shows them. */
export const keymap: readonly Line[] = [
  { keys: ['ArrowDown', 'j', 'ArrowRight'], does: 'next', label: 'mail.keys.next' },
  { keys: ['ArrowUp', 'k', 'ArrowLeft'], does: 'previous', label: 'mail.keys.previous' },
  { keys: ['x'], does: 'tick', label: 'mail.keys.tick' },
  { keys: ['Escape'], does: 'back', label: 'mail.keys.back' },
  { keys: ['r'], does: 'reply', label: 'mail.keys.reply' },
  { keys: ['a'], does: 'replyAll', label: 'mail.keys.replyAll' },
  { keys: ['f'], does: 'forward', label: 'mail.keys.forward' },
  { keys: ['d'], does: 'file', label: 'mail.keys.file' },
  { keys: ['e'], does: 'archive', label: 'mail.keys.archive' },
  { keys: ['Delete', '#'], does: 'bin', label: 'mail.keys.bin' },
  { keys: ['u'], does: 'unread', label: 'mail.keys.unread' },
  { keys: ['n'], does: 'write', label: 'mail.keys.write' },
  { keys: ['/'], does: 'search', label: 'mail.keys.search' },
  { keys: ['?'], does: 'help', label: 'mail.keys.help' },
]

interface Pressed {
  key: string
  altKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

/** Whoever speaks to their computer, or trembles, may do without those of one sign: they come by accident. */
export function commandOf({ key, altKey, ctrlKey, metaKey }: Pressed, signs: boolean): Command | undefined {
  if (altKey || ctrlKey || metaKey || (!signs && key.length === 1)) return undefined
  return keymap.find(({ keys }) => keys.includes(key))?.does
}

/** Where keys write or choose something, they mean that. */
export function isElsewhere(target: EventTarget | null): boolean {
  const busy = 'input:not([type="checkbox"]), textarea, select, dialog, [contenteditable], [role="listbox"]'
  return target instanceof Element && target.closest(busy) !== null
}
