// TypeScript runs with its types blanked out; what is more than types is refused.
import { stripTypeScriptTypes } from 'node:module';
import type { Nothing } from './no-such-file.ts';

interface Point { x: number; y?: string }
type Pair<A, B = A> = [A, B];
declare const nowhere: number;
declare module 'never' { export const x: number }

abstract class Shape<T extends object = {}> implements Iterable<number> {
  declare ghost: string;
  private readonly sides: number = 3;
  protected static count?: number = 0;
  #secret!: T;
  constructor(public_: number, other?: string) { Shape.count! += public_; void other; }
  abstract area(): number;
  get size(): number { return this.sides as number; }
  *[Symbol.iterator](): Iterator<number> { yield this.sides; }
  method<K extends keyof this>(this: Shape<T>, key: K, ...rest: unknown[]): this is Shape<T> { void key; return rest.length === 0; }
}
class Square extends Shape<Point> { override area(): number { return 16; } }

function over(a: string): string;
function over(a: number): number;
function over(a: unknown, b: Pair<number> = [1, 2]): unknown { return [a, b] satisfies unknown[]; }

const square = new Square(2);
const arrow = async <T,>(value: T, { x }: Point = { x: 1 }): Promise<T> => value ?? (x as unknown as T);
let definite!: number;
definite = (5 as any) as number;
console.log(square.area(), square.size, [...square], square.method('size'), over(1 as never), definite, typeof (null as Nothing | null));
arrow<string>('typed').then((value: string) => console.log(value!.length));
label: for (const n of [1, 2] as const) { if (n > 1) break label; }
console.log(JSON.stringify(stripTypeScriptTypes('let a: number = 1 as any; f<C>(a!)')));
for (const source of ['enum A { B }', 'namespace N { export const x = 1 }', 'class A { constructor(private x) {} }', 'let x: = 1', 'import a = require("b")']) {
  try {
    console.log(stripTypeScriptTypes(source));
  } catch (error: any) {
    console.log(error.name, error.code);
  }
}
