/** Marks and averages as people write them: "16,5", "Abs.". */
import { known, number, t } from '../i18n/index.svelte'
import { isCode, type Value } from './average.ts'

/** A mark: "16,5", "Abs.", "–". */
export function mark(value: Value): string {
  if (value === '') return '–'
  return isCode(value) ? t(`grades.code.${value}`) : number(Number(value), { maximumFractionDigits: 2 })
}

/** An average, always with its places: "14,36". */
export function average(value: Value): string {
  if (value === '' || isCode(value)) return mark(value)
  return number(Number(value), { minimumFractionDigits: 2, maximumFractionDigits: 2 })
}

/** A coefficient or a scale. */
export function plain(decimal: string): string {
  return number(Number(decimal), { maximumFractionDigits: 2 })
}

/** A code in full: "Absent". */
export function inWords(value: Value): string {
  return isCode(value) ? t(`grades.code.${value}.long`) : mark(value)
}

export function typeName(type: string): string {
  return known(`grades.type.${type}`) ?? type
}
