# SPDX-License-Identifier: MIT
"""What the benchmarks are made of: accounts, contacts, segments, feed items. Same seed, same bytes (but for the hour)."""
import csv
import datetime
import json
import random

INDUSTRIES = ["robotics", "logistics", "publishing", "furniture", "insurance", "biotech", "retail", "energy", "media", "software"]
COUNTRIES = ["US", "CA", "GB", "DE", "FR", "NL", "SE", "ES", "PL", "AU"]
DEPARTMENTS = ["people", "sales", "marketing", "finance", "engineering", "it"]
JOBS = {"people": "VP People", "sales": "Head of Sales", "marketing": "Marketing Director", "finance": "CFO",
        "engineering": "Software Engineer", "it": "IT Manager"}
ROUNDS = ["Seed", "Series A", "Series B", "Series C"]
PATHS = [f"/{a}/{b}" for a in ("docs", "blog", "product", "customers", "changelog", "careers") for b in range(40)]
AGENTS = ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
          "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"]


def domain(i):
    return f"company-{i:05d}.example"


def utc(seconds):
    return iso(datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc))


def accounts_csv(path, n):
    with open(path, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["Website", "Company Name", "Employees", "Country", "Industry", "Customer"])
        for i in range(n):
            w.writerow([domain(i), f"Company {i:05d}", 20 + i * 37 % 2000, COUNTRIES[i % 10], INDUSTRIES[i // 10 % 10],
                        "true" if i % 50 == 49 else "false"])


def contacts_csv(path, n, each=2):
    with open(path, "w", newline="") as f:
        w = csv.writer(f)
        w.writerow(["Email", "First Name", "Last Name", "Job Title", "Website"])
        for i in range(n):
            for k in range(each):
                d = DEPARTMENTS[(i + k) % 6]
                w.writerow([f"p{k}@{domain(i)}", "Mara", f"Okafor{k}", JOBS[d], domain(i)])


# ------------------------------------------------------------------------------------------------------------ segments
def rules(times=1):
    """A hundred, then the same narrowed to one country after the other."""
    for t in range(times):
        for rule in hundred():
            yield rule if t == 0 else f'{rule} && account.country == "{COUNTRIES[t % 10]}" && account.employees >= {20 + t}'


def hundred():
    """A hundred conditions over nearly all kinds: equalities, lists, ranges, traits, counts, windows, orders, absences."""
    for i in range(5):
        yield f'signal.kind == "page_view" && signal.path == "/pricing/plan-{i}" && account.employees >= 20'
    for i in range(5):
        yield (f'signal.kind == "page_view" && signal.path.startsWith("/security/") && account.industry == "{INDUSTRIES[i]}" '
               f'&& signals.count("page_view", days(7)) >= {40 + i}')
    for i in range(5):
        yield (f'signal.kind == "page_view" && signal.device == "tablet" && account.country in ["{COUNTRIES[i]}", "{COUNTRIES[i + 1]}"] '
               f'&& signals.within("job_posting", days({20 + i})).exists(s, s.department == "people")')
    for i in range(15):
        yield (f'signal.kind == "job_posting" && signal.department == "{DEPARTMENTS[i % 6]}" && signal.level >= {2 + i % 4} '
               f'&& signals.count("job_posting", days({14 + i})) >= {2 + i % 5} && !account.customer')
    for i in range(5):
        yield (f'signal.kind == "funding" && signal.round == "{ROUNDS[i % 4]}" && signal.amount_usd >= {9 + i % 2}.1e8 '
               f'&& account.country in ["{COUNTRIES[2 * i % 10]}", "{COUNTRIES[(2 * i + 1) % 10]}"] && account.employees >= 50')
    for i in range(10):
        yield (f'signal.kind == "funding" && signal.round == "{ROUNDS[i % 4]}" && account.industry == "{INDUSTRIES[i]}" '
               f'&& account.employees > {1500 + 10 * i} && signals.within("hire", days(60)).size() >= {1 + i % 3}')
    for i in range(12):
        yield (f'signal.kind == "hire" && signal.department == "{DEPARTMENTS[i % 6]}" && signal.level >= {3 + i % 4} '
               f'&& account.employees >= {100 * (i + 1)} && !account.customer')
    for i in range(6):
        yield f'signal.kind == "departure" && signal.level >= {4 + i % 3} && signals.followed("departure", "hire", days({30 + i}))'
    for i in range(8):
        yield (f'signal.kind in ["tech_adopted", "tech_dropped"] && signal.category == "cat-{i}" '
               f'&& signals.followed("tech_dropped", "tech_adopted", days(30))')
    for i in range(6):
        yield f'signal.kind == "trial_started" && signal.plan == "plan-{i}" && account.industry in ["{INDUSTRIES[i]}", "{INDUSTRIES[i + 4]}"]'
    for i in range(6):
        yield f'signal.kind == "content_download" && signal.product == "guide-{i}" && signals.count("content_download", days(30)) >= 3'
    for i in range(6):
        yield f'signal.kind == "form_submitted" && account.employees >= {200 * i + 50} && signals.within("page_view", days(2)).size() >= {i + 2}'
    for i in range(6):
        yield f'signal.kind == "topic_surge" && signal.topic == "topic-{i}" && signal.score >= 0.{5 + i % 4} && account.country == "{COUNTRIES[i]}"'
    for i in range(5):
        yield f'signal.kind == "acquisition" && signal.amount_usd >= {i + 1}e7 && account.industry == "{INDUSTRIES[i]}"'


STEP = """  - after: 1d
    channel: CHANNEL
    subject: "For {{account.name}}"
    body: "Hello {{account.name}}"
"""


def segment(name, when, group=False, steps=1, contacts=True):
    """One that opens and lives; its touches lie a day apart. Without contacts the account itself is the member."""
    sequence = "".join(STEP.replace("CHANNEL", "email" if contacts else "crm-task") for _ in range(steps))
    return f"""segment: {name}
owner: bench@example.com
when: |
  {when}
{"who: contact.level >= 1" if contacts else ""}
{"group_by: [account.id]" if group else ""}
audience: {{min: 1, warn: 20000, max: 30000}}
life: {{intake: 10d, box: 20d, max: 40d, floor: 0.01}}
exit: stop
goal: {{metric: meeting, target: 5%, window: 30d}}
mode: live
sequence:
{sequence}"""


def segments(times=1):
    return [(f"bench-{i:03d}", segment(f"bench-{i:03d}", when)) for i, when in enumerate(rules(times))]


# --------------------------------------------------------------------------------------------------------------- items
def iso(t):
    return t.strftime("%Y-%m-%dT%H:%M:%SZ")


def page_views(n, n_accounts, run, rng=None):
    """1 in 1,000 opens or extends; 1 in 100 is a candidate of a rule that then is not true."""
    rng = rng or random.Random(1000 + run)
    now = datetime.datetime.now(datetime.timezone.utc)
    out = []
    for i in range(n):
        path = rng.choice(PATHS)
        if i % 1000 == 500:
            path = f"/pricing/plan-{rng.randrange(5)}"
        elif i % 100 == 7:
            path = f"/security/{rng.randrange(50)}"
        a = rng.randrange(n_accounts)
        out.append({"id": f"evt_{run:03d}_{i:06d}_{rng.randrange(16 ** 12):012x}", "type": "page_view",
                    "ts": iso(now - datetime.timedelta(seconds=rng.randrange(60, 3 * 86400))), "company_domain": domain(a),
                    "path": path, "title": f"{path.split('/')[1].title()} - Example {rng.randrange(1000)}",
                    "device": rng.choice(["desktop", "desktop", "phone"]), "source": rng.choice(["organic", "direct", "newsletter", "ads"]),
                    "session": f"{rng.randrange(16 ** 16):016x}", "referrer": f"https://search.example.net/?q={rng.randrange(10 ** 6)}",
                    "user_agent": rng.choice(AGENTS), "duration_ms": rng.randrange(200000)})
    return json.dumps({"events": out}, separators=(",", ":")).encode()


def fundings(n, n_accounts, run, rng=None):
    """A kind whose reports are joined: one in ten tells what another one told; 1 in 1,000 opens or extends."""
    rng = rng or random.Random(2000 + run)
    now = datetime.datetime.now(datetime.timezone.utc)
    out, told = [], []
    for i in range(n):
        if i % 10 == 9 and told:
            a, when, amount, rnd = rng.choice(told)
            when = when + datetime.timedelta(hours=rng.randrange(1, 48))
        else:
            a = rng.randrange(n_accounts)
            when = now - datetime.timedelta(seconds=rng.randrange(4 * 86400, 300 * 86400))
            amount = round(2e5 * 1.3 ** rng.randrange(20), -4)
            rnd = rng.choice(ROUNDS) if rng.random() < 0.25 else None
            told.append((a, when, amount, rnd))
        if i % 1000 == 500:
            k = rng.randrange(5)
            rnd, amount, when = ROUNDS[k % 4], 2e9 * rng.uniform(1, 2), now - datetime.timedelta(hours=rng.randrange(1, 40))
            a = next(x for x in iter(lambda: rng.randrange(n_accounts), None) if x % 10 in (2 * k % 10, 2 * k % 10 + 1) and 20 + x * 37 % 2000 >= 50)
        out.append({"id": f"deal-{run:03d}-{i:06d}", "published": iso(when), "company": {"name": f"Company {a:05d}", "website": f"https://www.{domain(a)}/"},
                    "title": f"Company {a:05d} raises ${amount / 1e6:.1f}M to build the next thing number {rng.randrange(10 ** 6)}",
                    "round": rnd, "amount_usd": amount, "currency": "USD",
                    "link": f"https://news-{rng.randrange(40)}.example.org/2026/{rng.randrange(10 ** 8)}",
                    "summary": "The company said that it will use the money to grow its teams in product and sales and to open offices abroad."})
    return json.dumps({"events": out}, separators=(",", ":")).encode()


def job_postings(n, n_accounts, run):
    rng = random.Random(3000 + run)
    now = datetime.datetime.now(datetime.timezone.utc)
    jobs = list(JOBS.values()) + ["Account Executive", "Backend Engineer", "Head of People", "Data Analyst", "Recruiter"]
    return json.dumps({"events": [{"id": f"job-{run:03d}-{i:06d}", "published": iso(now - datetime.timedelta(seconds=rng.randrange(60, 86400))),
                                   "company_domain": domain(rng.randrange(n_accounts)), "title": rng.choice(jobs)} for i in range(n)]}).encode()


def hires(n, n_accounts, run):
    rng = random.Random(4000 + run)
    now = datetime.datetime.now(datetime.timezone.utc)
    return json.dumps({"events": [{"id": f"hire-{run:03d}-{i:06d}", "published": iso(now - datetime.timedelta(seconds=rng.randrange(60, 86400))),
                                   "company_domain": domain(rng.randrange(n_accounts)), "person": f"Mara Okafor{rng.randrange(10 ** 6)}",
                                   "title": rng.choice(list(JOBS.values()))} for i in range(n)]}).encode()


def downloads(n, n_accounts, run):
    rng = random.Random(5000 + run)
    now = datetime.datetime.now(datetime.timezone.utc)
    return json.dumps({"events": [{"id": f"dl-{run:03d}-{i:06d}", "published": iso(now - datetime.timedelta(seconds=rng.randrange(60, 86400))),
                                   "company_domain": domain(rng.randrange(n_accounts)), "title": f"guide-{rng.randrange(60)}"} for i in range(n)]}).encode()


def plain_feed(name, kind, attributes):
    lines = "\n".join(f"  {a}: {v}" for a, v in attributes.items())
    return f"""feed: {name}
url: http://127.0.0.1:PORT/{name}
format: json
every: {{floor: 1d, ceiling: 1d}}
allow_private: true
accounts: known
items: doc.events
id: item.id
account: {{domain_from: item.company_domain}}
signal:
  kind: {kind}
  occurred_at: timestamp(item.published)
{lines}
"""


FEEDS = {
    "jobs": (job_postings, plain_feed("jobs", "job_posting", {"position": "item.title"})),
    "moves": (hires, plain_feed("moves", "hire", {"person": "item.person", "position": "item.title"})),
    "downloads": (downloads, plain_feed("downloads", "content_download", {"product": "item.title"})),
    "views": (page_views, """feed: views
url: http://127.0.0.1:PORT/views
format: json
every: {floor: 1d, ceiling: 1d}
allow_private: true
accounts: known
items: doc.events
id: item.id
where: item.type == "page_view"
account: {domain_from: item.company_domain}
signal:
  kind: page_view
  occurred_at: timestamp(item.ts)
  path: item.path
  page: item.title
  device: item.device
  source: item.source
"""),
    "deals": (fundings, """feed: deals
url: http://127.0.0.1:PORT/deals
format: json
every: {floor: 1d, ceiling: 1d}
allow_private: true
accounts: known
items: doc.events
id: item.id
account: {domain_from: item.company.website, name: item.company.name}
signal:
  kind: funding
  occurred_at: timestamp(item.published)
  headline: item.title
  url: item.link
  round: item.round
  amount_usd: item.amount_usd
  currency: item.currency
"""),
}


# The same views, pushed instead of polled.
PUSHED = "".join("push: {bearer: credential:token}\n" if line.startswith("url:") else "" if line.startswith("every:") else line
                 for line in FEEDS["views"][1].replace("feed: views", "feed: pushed").splitlines(keepends=True))


# A day's mix: feed -> who makes its items, percent of all.
DAY = {"views": (page_views, 80), "jobs": (job_postings, 10), "moves": (hires, 5), "downloads": (downloads, 3), "deals": (fundings, 2)}


def idle_feeds(n, per_host=25):
    """Feeds as a team has them: job boards, news, an export; each with a mapping of its own."""
    docs = []
    for i in range(n):
        host = f"host-{i // per_host:03d}.example.net"
        if i % 3 == 0:
            docs.append(f"""feed: idle-{i:04d}
url: http://{host}/boards/{i}
format: json
items: doc.jobs
id: string(item.id)
account: {{domain: {domain(i)}}}
reports: {{kinds: [job_posting], scope: [{domain(i)}]}}
signal:
  kind: job_posting
  occurred_at: timestamp(item.first_published)
  headline: item.title
  position: item.title
  place: item.location.name
""")
        elif i % 3 == 1:
            docs.append(f"""feed: idle-{i:04d}
url: https://{host}/feed/{i}
format: rss
publisher: {host}
accounts: create
where: item.title.contains(" raises $")
account: {{name: 'item.title.split(" raises ")[0]'}}
signal:
  kind: funding
  occurred_at: item.published
  round: '["Seed", "Series A", "Series B", "Series C"].filter(r, item.title.contains(r))[0]'
  amount_usd: double(item.title.split("$")[1].split("M")[0]) * 1e6
""")
        else:
            docs.append(f"""feed: idle-{i:04d}
url: https://{host}/export/{i}.jsonl
format: jsonl
id: item.id
where: item.type == "page_view" && item.path.startsWith("/pricing")
account: {{domain_from: item.company_domain, email_from: item.email}}
signal:
  kind: page_view
  occurred_at: timestamp(item.ts)
  path: item.path
""")
    return docs
