// What the server is asked. Acts go one after the other, each with the number of lines
// of the log that this page has seen.

const EVERY_MS = 1000; // between two questions for news

class Service {
  constructor() {
    this.seen = 0;
    this.gone = false; // whether the server has ended
    this.last = Promise.resolve();
    this.watchers = []; // told of the news, and of the server's end
  }

  async ask(name, body = {}) {
    let answer;
    try {
      answer = await fetch(name, {
        method: 'POST', body: JSON.stringify(body), headers: {'Content-Type': 'application/json'},
      });
    } catch {
      throw new Error('The server has ended; what is not saved is shown undecided. Start it again and open its new address.');
    }
    const value = await answer.json();
    if (answer.ok) return value;
    const error = new Error(answer.status === 409 ? 'Decided in another tab meanwhile: look again.' : value.said);
    if (answer.status === 409) error.news = value;
    throw error;
  }

  // Asks after all that was asked before has been answered.
  inTurn(name, body = {}) {
    const asked = this.last.then(async () => {
      try {
        const news = await this.ask(name, {...body, seen: this.seen});
        this.hear(news);
        return news;
      } catch (error) {
        if (error.news) this.hear(error.news);
        throw error;
      }
    });
    this.last = asked.catch(() => {});
    return asked;
  }

  hear(news) {
    this.seen = news.seen;
    this.gone = false;
    for (const watcher of this.watchers) watcher(news);
  }

  listen() {
    setTimeout(async () => {
      try {
        await this.inTurn('news');
      } catch (error) {
        if (!this.gone) {
          this.gone = true;
          for (const watcher of this.watchers) watcher(null, error);
        }
      }
      this.listen();
    }, EVERY_MS);
  }
}
