// The part of ECharts our code calls.
export interface Chart {
  setOption(option: object, replace?: boolean): void;
  resize(): void;
  dispose(): void;
  convertToPixel(finder: object, value: number): number;
  convertFromPixel(finder: object, value: number): number;
  on(event: string, handler: (event: any) => void): void;
}
export function registerMap(name: string, world: object): void;
export function init(element: HTMLElement, theme?: object | null, options?: object): Chart;
