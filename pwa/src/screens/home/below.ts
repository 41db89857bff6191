/** What home shows under what is due and what is new, in this order. To add a block, add a line. */
import AskedFiles from '../collect/AskedFiles.svelte'
import NextEvents from '../agenda/NextEvents.svelte'
import LatestLife from '../attendance/LatestLife.svelte'
import TodaysMenu from '../canteen/TodaysMenu.svelte'
import LatestGrades from '../grades/LatestGrades.svelte'
import LatestInformation from '../information/LatestInformation.svelte'
import LatestMail from '../mail/LatestMail.svelte'
import Given from './Given.svelte'
import Returned from './Returned.svelte'
import type { Block } from './who'

export const blocks: readonly Block[] = [
  [AskedFiles, 'pupil', 'family'],
  [LatestLife, 'pupil'],
  [LatestInformation],
  [LatestMail],
  [LatestGrades, 'pupil'],
  [Returned, 'pupil', 'family'],
  [Given, 'teacher'],
  [NextEvents],
  [TodaysMenu],
]
