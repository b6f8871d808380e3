import { startAlertSink, type AlertSink } from '../src/alert-sink';

describe('the sink of alerts', () => {
  let sink: AlertSink;
  const told: string[] = [];
  beforeEach(async () => void (sink = await startAlertSink((text) => told.push(text))));
  afterEach(() => sink.stop());

  const post = (body: object) =>
    fetch(sink.webhookUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const messages = async (): Promise<unknown> => (await fetch(`${sink.url}/messages`)).json();

  it('shows what its webhook received, and forgets it on DELETE', async () => {
    expect(await (await post({ text: 'a &lt;b&gt; &amp; c' })).text()).toBe('ok');
    expect(await messages()).toEqual({ items: [{ text: 'a <b> & c', receivedAt: expect.any(String) }] });
    expect(told).toEqual(['a <b> & c']);
    await fetch(`${sink.url}/messages`, { method: 'DELETE' });
    expect(await messages()).toEqual({ items: [] });
  });

  it('refuses a message without a text, as Slack does', async () => {
    const answer = await post({});
    expect([answer.status, await answer.text()]).toEqual([400, 'no_text']);
  });
});
