/** What home shows first: what comes next, and what waits for the person. To add a block, add a line. */
import Today from '../timetable/Today.svelte'
import Desk from './Desk.svelte'
import Family from './Family.svelte'
import Now from './Now.svelte'
import type { Block } from './who'

export const blocks: readonly Block[] = [
  [Now, 'office'],
  [Today, 'pupil', 'teacher'],
  [Desk, 'teacher'],
  [Family, 'family'],
]
