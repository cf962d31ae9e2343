#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A random scenario from a seed: everything that may happen to campaigns, in any order, on the virtual clock. What must
hold is not guessed: fsck after every few steps, and at the end nobody lives past the end and nothing waits.

    tests/scenario/generate.py SEED [STEPS] > random.scn     plays like any other, in this folder (it uses setup.inc)"""
import datetime
import random
import sys

DOMAINS = ["acme.example", "bolt.example", "cask.example", "dune.example"]
PEOPLE = {"acme.example": ["ann", "abe", "amy"], "bolt.example": ["bea", "ben"], "cask.example": ["cid", "cat"], "dune.example": ["dot", "dan"]}
OUTCOMES = ["reply", "click", "meeting", "opportunity", "purchase", "signup", "trial", "conversion", "churn", "bounce", "unsubscribe"]
CAMPAIGN = "{select coalesce((select campaign_id::text from whynow.campaign where state in (%s) order by campaign_id offset %d limit 1), '0000000')}"
SEGMENT = """segment <<
segment: %(name)s
owner: ana@example.com
when: |
  %(when)s
%(who)saudience: {min: 1, warn: %(warn)d, max: %(max)d}
life: {intake: %(intake)dd, box: %(box)dd, max: %(most)dd, floor: %(floor)s, grace: %(grace)dh, cooldown: %(cooldown)dd, first_touch: %(first)dd}
exit: %(exit)s
%(nurture)son_reply: %(on_reply)s
goal: {metric: %(metric)s, target: 5%%, window: %(window)dd%(budget)s}
holdout: %(holdout)d%%
mode: %(mode)s
priority: %(priority)d
%(group)ssequence:
  - {after: %(after0)s, channel: email, valid_for: %(valid)dd, subject: "On {{signal.kind}}", body: "Hi {{contact.first_name}}, on the {{signal.kind}}."}
  - {after: %(after1)s, channel: %(channel)s, subject: "On {{signal.kind}}", body: "Again about the {{signal.kind}}."}
  - {after: 4d, channel: crm-task, body: "Call them about the {{signal.kind}}."}
<<
"""


class Story:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.now = datetime.datetime(2026, 5, 4, 9, tzinfo=datetime.timezone.utc)
        self.items, self.n, self.out = {"wire": [], "paper": [], "jobs": [], "views": [], "moves": []}, 0, []
        self.names = ["raised", "hiring", "looking"]

    def say(self, text):
        self.out.append(text)

    def stamp(self, back_days=0.0):
        return (self.now - datetime.timedelta(days=back_days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def segment(self, name=None):
        r, name = self.r, name or self.r.choice(self.names)
        exit = r.choice(["stop", "finish", "hand_off"])
        mode = r.choices(["live", "propose", "shadow"], [8, 2, 1])[0]
        box = r.choice([3, 7, 14])
        when = {"raised": 'signal.kind == "funding" && !account.customer',
                "hiring": 'signal.kind in ["job_posting", "hire"] && signals.count("job_posting", days(30)) >= 1 && account.employees >= 70',
                "looking": 'signal.kind == "page_view" && signals.count("page_view", days(3)) >= %d' % r.choice([1, 2])}[name]
        who = r.choice(['who: contact.department == "people" && contact.level >= 4\n', "who: contact.level >= 1\n"])
        self.say(SEGMENT % dict(
            name=name, when=when, who=who, warn=r.choice([2, 40]), max=r.choice([40, 60]), intake=r.choice([1, 7]), box=box + 4, most=r.choice([box + 6, 42]),
            floor=r.choice(["0.3", "0.5"]), grace=r.choice([1, 48]), cooldown=r.choice([1, 10, 75]), first=r.choice([1, 3, 7]), exit=exit,
            nurture="nurture: general\n" if exit == "hand_off" else "", on_reply=r.choice(["hold", "continue", "stop"]),
            metric=r.choice(["meeting", "reply", "trial", "purchase"]), window=r.choice([2, 30]), budget=r.choice(["", ", budget: 100 USD"]),
            holdout=r.choice([0, 0, 30]), mode=mode, priority=r.choice([10, 50, 90]), group=r.choice(["", "", "group_by: [account.id]\n"]),
            after0=r.choice(["0h", "6h"]), after1=r.choice(["1d", "2d"]), valid=r.choice([1, 5]), channel=r.choice(["email", "crm-task"])))

    def feed(self):
        r, name = self.r, self.r.choice(list(self.items))
        for _ in range(r.choice([1, 1, 3])):
            self.n += 1
            domain, at = r.choice(DOMAINS), self.stamp(r.choice([0.01, 0.2, 1, 10, 30]))
            extra = {"jobs": '"title": "Recruiter %d"' % self.n, "views": '"path": "/pricing/%d"' % self.n,
                     "moves": '"person": "Pat Penn %d", "title": "Head of People"' % self.n}.get(name)
            if not extra:
                extra = '"title": "%s raises %d", "round": "%s", "usd": %d' % (domain, self.n, r.choice(["Series A", "Series B"]), r.choice([5e6, 2e7]))
            who = '"company": "Fresh %d"' % (self.n % 3) if name in ("wire", "paper") and r.random() < 0.15 else '"domain": "%s"' % domain
            self.items[name].append('{"id": "i%d", "at": "%s", %s, %s}' % (self.n, at, who, extra))
        self.items[name] = self.items[name][-6:]
        self.say('url http://feeds.example.com/%s answers 200 <<\n{"items": [%s]}\n<<' % (name, ", ".join(self.items[name])))

    def blind(self):
        name = self.r.choice(list(self.items))
        self.say("url http://feeds.example.com/%s %s" % (name, self.r.choice(["fails", "answers 503", "answers 404"])))

    def sink(self):
        self.say("url http://hook.example.com/%s answers %s" % (self.r.choice(["mail", "crm"]), self.r.choice(["204", "204", "500", "503", "400"])))

    def traits(self):
        self.say("import accounts <<\ndomain,customer,employees\n%s,%s,%d\n<<" %
                 (self.r.choice(DOMAINS), self.r.choice(["true", "false"]), self.r.choice([20, 100, 400])))

    def person(self):
        domain = self.r.choice(DOMAINS)
        who = self.r.choice(PEOPLE[domain])
        self.say("import contacts <<\nemail,first name,last name,title,domain\n%s@%s,%s,Ash,%s,%s\n<<" %
                 (who, domain, self.r.choice([who.capitalize(), ""]), self.r.choice(["VP People", "Engineer", "Head of People"]), domain))

    def address(self):
        domain = self.r.choice(DOMAINS)
        return "%s@%s" % (self.r.choice(PEOPLE[domain]), domain)

    def suppress(self):
        what = self.r.choice([self.address(), self.address(), self.r.choice(DOMAINS)])
        self.say("perhaps whynow contact suppress %s --yes%s" % (what, self.r.choice(["", "", " --reason opt_out", " --lift", " --lift", " --until 3d"])))

    def outcome(self):
        who = self.r.choice([self.address(), self.r.choice(DOMAINS)])
        more = " --campaign " + CAMPAIGN % ("'open','finishing','closed'", self.r.randrange(4)) if self.r.random() < 0.2 else ""
        self.say("perhaps whynow outcome add %s %s --at %s%s%s" %
                 (self.r.choice(OUTCOMES), who, self.r.choice(["1m", "1h", "3d"]), self.r.choice(["", " --value 100", " --id o%d" % self.r.randrange(5)]), more))

    def cost(self):
        self.say("perhaps whynow outcome add cost --cost 60 --campaign " + CAMPAIGN % ("'proposed','open','finishing'", self.r.randrange(3)))

    def verb(self):
        self.say("perhaps whynow campaign %s %s --yes" % (self.r.choice(["approve", "approve", "cancel"]),
                                                          CAMPAIGN % ("'proposed','open','finishing'", self.r.randrange(3))))

    def retract(self):
        self.say("perhaps whynow signal retract {select coalesce((select signal_key::text from whynow.signal where not retracted"
                 " order by signal_key offset %d limit 1), '0000000')}" % self.r.randrange(8))

    def pause(self):
        self.say("perhaps whynow %s%s" % (self.r.choice(["pause", "resume", "resume"]),
                                          self.r.choice(["", " --segment raised", " --segment looking"])))

    def resume(self):
        self.say("perhaps whynow resume --account " + self.r.choice(DOMAINS))

    def withdraw(self):
        self.say("perhaps whynow segment withdraw %s --yes" % self.r.choice(self.names))

    def time(self):
        minutes = self.r.choice([10, 90, 60 * 5, 60 * 26, 60 * 24 * 4, 60 * 24 * 9])
        self.say("time passes %dm" % minutes)
        self.now += datetime.timedelta(minutes=minutes)

    def downtime(self):
        hours = self.r.choice([1, 30, 24 * 8])
        self.say("downtime %dh" % hours)
        self.now += datetime.timedelta(hours=hours)


WEIGHTS = [("feed", 26), ("time", 26), ("outcome", 9), ("traits", 5), ("person", 6), ("suppress", 5), ("segment", 4), ("verb", 5), ("blind", 5), ("sink", 5),
           ("retract", 4), ("cost", 2), ("pause", 3), ("resume", 3), ("withdraw", 1), ("downtime", 3)]

LAST = """whynow resume
perhaps whynow resume --segment raised
perhaps whynow resume --segment looking
url http://hook.example.com/mail answers 204
url http://hook.example.com/crm answers 204
time passes 100d
whynow fsck
expect sql "select count(*) from whynow.member where state = 'live'" 0
expect sql "select count(*) from whynow.campaign where state <> 'closed'" 0
expect sql "select count(*) from whynow.campaign where not shadow and not reviewed_final" 0
expect sql "select count(*) from whynow.touch where state in ('planned', 'deferred', 'yielded', 'held', 'sending')" 0"""


def story(seed, steps):
    s = Story(seed)
    s.say("# SPDX-License-Identifier: MIT\nscenario random events of seed %s\noption caps.email_contact=%s\nuse setup.inc" % (seed, s.r.choice(["none", "1 per 3d"])))
    for name in s.names:
        s.segment(name)
    names, weights = zip(*WEIGHTS)
    for i in range(steps):
        getattr(s, s.r.choices(names, weights)[0])()
        if i % 6 == 5:
            s.say("whynow fsck")
    s.say(LAST)
    return "\n".join(s.out) + "\n"


if __name__ == "__main__":
    sys.stdout.write(story(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 80))
