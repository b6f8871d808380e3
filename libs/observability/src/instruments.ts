import { metrics as otel, type Attributes, type Meter, type ObservableResult } from '@opentelemetry/api';

/** Name, meaning and labels of a metric. No other labels are allowed, and each label must have few values. */
export interface MetricDefinition<Label extends string = string> {
  /** OpenTelemetry's name with dots. Prometheus shows underscores, and `_total` after a counter. */
  readonly name: string;
  readonly meaning: string;
  /** UCUM, such as `s`, `By` or `{job}`. */
  readonly unit: string;
  readonly labels: readonly Label[];
}

export type Labels<Label extends string> = Readonly<Record<Label, string | number>>;

export interface Counter<Label extends string = string> extends MetricDefinition<Label> {
  add(labels: Labels<Label>, count?: number): void;
}

export interface Histogram<Label extends string = string> extends MetricDefinition<Label> {
  record(value: number, labels: Labels<Label>): void;
}

export interface Gauge<Label extends string = string> extends MetricDefinition<Label> {
  set(value: number, labels: Labels<Label>): void;
}

export interface ObservedGauge<Label extends string = string> extends MetricDefinition<Label> {
  /**
   * @param read called at every scrape; if it fails, this scrape omits the metric
   * @returns a function that ends the observation
   */
  observe(read: () => Promise<readonly Observation<Label>[]> | readonly Observation<Label>[]): () => void;
}

export interface Observation<Label extends string> {
  readonly value: number;
  readonly labels: Labels<Label>;
}

/** A counter: a number that only grows. */
export function counter<const Label extends string>(definition: MetricDefinition<Label>): Counter<Label> {
  const instrument = perProvider((meter) => meter.createCounter(definition.name, describe(definition)));
  return { ...definition, add: (labels, count = 1) => instrument().add(count, pick(definition, labels)) };
}

/** A histogram; `boundaries` are the upper bounds of its buckets. */
export function histogram<const Label extends string>(
  definition: MetricDefinition<Label>,
  boundaries: readonly number[],
): Histogram<Label> {
  const options = { ...describe(definition), advice: { explicitBucketBoundaries: [...boundaries] } };
  const instrument = perProvider((meter) => meter.createHistogram(definition.name, options));
  return { ...definition, record: (value, labels) => instrument().record(value, pick(definition, labels)) };
}

/** A gauge that is set when the value changes. */
export function gauge<const Label extends string>(definition: MetricDefinition<Label>): Gauge<Label> {
  const instrument = perProvider((meter) => meter.createGauge(definition.name, describe(definition)));
  return { ...definition, set: (value, labels) => instrument().record(value, pick(definition, labels)) };
}

/** A gauge that is read at every scrape. */
export function observedGauge<const Label extends string>(definition: MetricDefinition<Label>): ObservedGauge<Label> {
  const instrument = perProvider((meter) => meter.createObservableGauge(definition.name, describe(definition)));
  return {
    ...definition,
    observe(read) {
      const observed = instrument();
      const callback = async (result: ObservableResult): Promise<void> => {
        for (const { value, labels } of await read()) result.observe(value, pick(definition, labels));
      };
      observed.addCallback(callback);
      return () => observed.removeCallback(callback);
    },
  };
}

/** Creates an instrument at first use, and again if telemetry starts after that. */
function perProvider<Instrument>(make: (meter: Meter) => Instrument): () => Instrument {
  let made: { provider: unknown; instrument: Instrument } | undefined;
  return () => {
    const provider = otel.getMeterProvider();
    if (made?.provider !== provider) made = { provider, instrument: make(provider.getMeter('orderly')) };
    return made.instrument;
  };
}

const describe = ({ meaning, unit }: MetricDefinition) => ({ description: meaning, unit });

/** Drops undeclared labels: a label with an order id would create a time series per order. */
const pick = <Label extends string>({ labels: names }: MetricDefinition<Label>, labels: Labels<Label>): Attributes =>
  Object.fromEntries(names.map((name) => [name, labels[name]]));
