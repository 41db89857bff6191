/** Exact numbers: fractions of whole numbers. Decimals are strings of at most two places, never floats. */
export interface Fraction {
  n: bigint
  /** Positive. */
  d: bigint
}

export const zero: Fraction = { n: 0n, d: 1n }

export function fraction(n: bigint | number, d: bigint | number = 1n): Fraction {
  const top = BigInt(n)
  const bottom = BigInt(d)
  const by = divisor(top < 0n ? -top : top, bottom)
  return { n: top / by, d: bottom / by }
}

function divisor(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b]
  return a || 1n
}

/** "14.25", as the server writes it; undefined for anything else. */
export function decimal(text: string): Fraction | undefined {
  if (!/^-?(0|[1-9]\d{0,8})(\.\d?[1-9])?$/.test(text) || text === '-0') return undefined
  const [whole = '', places = ''] = text.replace('-', '').split('.')
  const hundredths = BigInt(whole + places.padEnd(2, '0'))
  return fraction(text.startsWith('-') ? -hundredths : hundredths, 100n)
}

export function add(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.d + b.n * a.d, a.d * b.d)
}

export function times(a: Fraction, b: Fraction): Fraction {
  return fraction(a.n * b.n, a.d * b.d)
}

/** b is not zero. */
export function over(a: Fraction, b: Fraction): Fraction {
  return b.n < 0n ? fraction(-a.n * b.d, -a.d * b.n) : fraction(a.n * b.d, a.d * b.n)
}

export function compare(a: Fraction, b: Fraction): number {
  const difference = a.n * b.d - b.n * a.d
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function floor(a: Fraction): bigint {
  const down = a.n / a.d
  return a.n < 0n && down * a.d !== a.n ? down - 1n : down
}

/** To the hundredth, halves up: "12.57". */
export function written(a: Fraction): string {
  const hundredths = floor(add(times(a, fraction(100)), fraction(1, 2)))
  const positive = hundredths < 0n ? -hundredths : hundredths
  const places = String(positive % 100n)
    .padStart(2, '0')
    .replace(/0+$/, '')
  return `${hundredths < 0n ? '-' : ''}${String(positive / 100n)}${places && `.${places}`}`
}

/** As formulas are compared: "251/15". */
export function spelled(a: Fraction | undefined): string {
  return a ? `${String(a.n)}/${String(a.d)}` : ''
}

/** For drawing only. */
export function approximate(a: Fraction): number {
  return Number((a.n * 10_000n) / a.d) / 10_000
}
