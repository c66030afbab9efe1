#!/usr/bin/env python3
"""A generated national catalogue: as large as asked, the same for the same seed, fit to publish.

    national.py OUT [--items 10000] [--things 1500] [--questions 60] [--seed 1] [--trips 0]

Items stand in domains (trades and lives) of a hundred. A domain has its questions, materials and laws; an item's conditions read
some of its domain's questions; a thing bundles items of one domain and asks exactly what they read, most things a dozen questions,
some up to the most asked for. Prerequisites run from one stage of a domain to the next, so there is no cycle. --trips N: so many
presences a thousand items after a result (a pick-up), which make some things fail «at most one trip».

Agencies, districts, calendar, zones and halls are the sample city's (catalogs/ningbo beside this file's repository).
"""
import argparse
import os
import random
import re
import shutil
import sys

SECTORS = [('餐饮', 'catering'), ('食品生产', 'food production'), ('药品', 'medicine'), ('医疗', 'health care'), ('教育', 'education'),
           ('交通', 'transport'), ('建筑', 'construction'), ('环保', 'environment'), ('文化', 'culture'), ('旅游', 'tourism')]
BRANCHES = [('零售', 'retail'), ('批发', 'wholesale'), ('制造', 'manufacture'), ('仓储', 'storage'), ('运输', 'carriage'),
            ('检测', 'testing'), ('培训', 'training'), ('养护', 'upkeep'), ('租赁', 'hire'), ('回收', 'recycling')]
OBJECTS = [('场所', 'premises'), ('设备', 'equipment'), ('人员', 'staff'), ('车辆', 'vehicles'), ('广告', 'advertising'), ('用地', 'land use'),
           ('用水', 'water use'), ('用电', 'power use'), ('燃气', 'gas'), ('排污', 'discharge'), ('消防', 'fire safety'), ('卫生', 'hygiene'),
           ('计量', 'metering'), ('安全', 'safety'), ('档案', 'records'), ('招牌', 'signboards'), ('噪声', 'noise'), ('辐射', 'radiation'),
           ('冷库', 'cold stores'), ('电梯', 'lifts'), ('锅炉', 'boilers'), ('票证', 'tickets'), ('网络', 'network'), ('价格', 'prices'),
           ('信用', 'credit')]
ACTS = [('设立许可', 'establishment licence', 'licence', '01'), ('备案', 'filing', 'other-power', '10'),
        ('变更登记', 'change registration', 'confirmation', '07'), ('补贴申领', 'subsidy', 'benefit', '05')]
PAPERS = [('平面图', 'floor plan', 'plan'), ('清单', 'list', 'list'), ('管理制度', 'rules', 'other'), ('检测报告', 'test report', 'report'),
          ('照片', 'photographs', 'photo'), ('合同', 'contract', 'contract'), ('证明', 'proof', 'proof'), ('承诺书', 'commitment', 'form'),
          ('方案', 'scheme', 'plan'), ('登记表', 'record form', 'form')]
ASKS = [('area', 'number', '面积是多少平方米？', 'How large is it?'), ('staff', 'number', '从业人员有多少人？', 'How many people work there?'),
        ('owned', 'boolean', '是否为自有？', 'Is it owned?'), ('new', 'boolean', '是否新设？', 'Is it new?'),
        ('kind', 'choice', '属于哪一类？', 'Of which kind is it?'), ('online', 'boolean', '是否网上经营？', 'Is it run online?'),
        ('capital', 'number', '投资额是多少万元？', 'How much is invested?'), ('foreign', 'boolean', '是否外资？', 'Is there foreign capital?')]
CHOICES = [('basic', '基础类', 'Basic'), ('special', '特殊类', 'Special'), ('mixed', '综合类', 'Mixed'), ('other', '其余类', 'Remaining')]
COPIED = ['agencies.yaml', 'districts.yaml', 'calendar.yaml', 'zones.yaml', 'halls.yaml']
DOMAIN_ITEMS = 100
DOMAIN_ASKS = 80
COMMON_MATERIALS = 200


def write(path, lines):
    with open(path, 'w', encoding='utf-8') as out:
        out.write('\n'.join(lines) + '\n')


def words(zh, en):
    return "{zh: %s, en: '%s'}" % (zh, en)


class Domain:
    """A hundred items with what they share."""

    def __init__(self, number, rng):
        sector, branch = SECTORS[number // 10 % 10], BRANCHES[number % 10]
        again = number // 100
        self.zh = sector[0] + branch[0] + ('第%d类' % again if again else '')
        self.en = '%s %s' % (sector[1], branch[1]) + (' class %d' % again if again else '')
        self.id = 'd%03d' % number
        self.law = '中华人民共和国%s管理条例' % self.zh
        self.questions = []
        for i in range(DOMAIN_ASKS):
            stem, kind, zh, en = ASKS[i % len(ASKS)]
            about = OBJECTS[i % len(OBJECTS)]
            self.questions.append({'id': '%s_%s_%d' % (self.id, stem, i), 'type': kind, 'zh': self.zh + about[0] + zh,
                                   'en': '%s, %s: %s' % (self.en, about[1], en), 'max': rng.choice([1000, 5000, 20000])})
        self.items = []

    def condition(self, question, rng):
        name = question['id']
        if question['type'] == 'boolean':
            return rng.choice(['%s', 'not(%s)']) % name
        if question['type'] == 'choice':
            return rng.choice(['%s = "special"', '%s != "basic"', '%s in ("basic", "mixed")']) % name
        low = rng.randrange(1, question['max'] // 2)
        high = low + rng.randrange(1, question['max'] // 3)
        return rng.choice(['{n} > {a}', '{n} >= {a} and {n} < {b}', '{n} <= {b}', '{n} between {a} and {b}', '{n} in [{a}..{b})']).format(
            n=name, a=low, b=high)


def material_line(material, source, law, rng, when=None):
    more = ', when: \'%s\'' % when if when else ''
    if source == 'applicant' and rng.random() < 0.1:
        more += ', defer: %dwd' % rng.randrange(3, 10)
    return '  - {material: %s, from: %s%s, basis: {law: %s, article: 第%d条}}' % (material, source, more, law, rng.randrange(5, 60))


def make_item(domain, place, number, agencies, materials, rng, trips):
    obj, act = OBJECTS[place % 25], ACTS[place // 25 % 4]
    agency, uscc = agencies[(int(domain.id[1:]) * 3 + place % 25) % len(agencies)]
    basic = '33%s%02d%03d%03d' % (act[3], number // 1000000 % 100, number // 1000 % 1000, number % 1000)
    item = {'id': '%s-i%03d' % (domain.id, place), 'stage': place // 25, 'reads': set(), 'certificate': None}
    asks = rng.sample(domain.questions, rng.choice([0, 1, 1, 2, 2, 3, 4]))
    item['reads'] = {q['id'] for q in asks}

    def when():
        q = rng.choice(asks) if asks and rng.random() < 0.6 else None
        text = domain.condition(q, rng) if q else None
        if text and len(asks) > 1 and rng.random() < 0.3:
            text = '(%s) and (%s)' % (text, domain.condition(rng.choice(asks), rng))
        return text

    promised = rng.choice([3, 5, 5, 7, 10])
    lines = ['item: ' + item['id'], 'name: ' + words(domain.zh + obj[0] + act[0], '%s: %s %s' % (domain.en, obj[1], act[1])),
             'also: [办%s%s, %s%s手续]' % (domain.zh, obj[0], domain.zh, obj[0]), 'kind: ' + act[2], 'agency: ' + agency, 'level: county',
             'code: {basic: "%s", implementation: "%s4%s"}' % (basic, uscc, basic),
             'basis:', '  - {law: %s, article: 第%d条}' % (domain.law, rng.randrange(5, 60)),
             'limits: {statutory: 20wd, promised: %dwd}' % promised, 'channels: [online, mobile, window]', 'coverage: city',
             'delivery: [e-certificate, courier, window]', 'fees: []']
    presence = []
    if rng.random() < 0.05:
        presence.append(rng.choice(['identity', 'original', 'signature']))
    if rng.random() < trips / 1000:
        presence.append('pick-up')
    lines.append('presence:' if presence else 'presence: []')
    lines += ['  - {why: %s, basis: {law: %s, article: 第%d条}}' % (why, domain.law, rng.randrange(5, 60)) for why in presence]
    lines.append('materials:')
    lines.append(material_line('application-form', 'applicant', domain.law, rng))
    for m in rng.sample(materials['common'], rng.randrange(1, 4)):
        lines.append(material_line(m[0], 'government' if m[1] else 'applicant', domain.law, rng, when()))
    for m in rng.sample(materials[domain.id], rng.randrange(2, 6)):
        lines.append(material_line(m[0], 'applicant', domain.law, rng, when()))
    before = [i for i in domain.items if i['stage'] == item['stage'] - 1]
    for other in rng.sample([i for i in before if i['certificate']], min(len(before), rng.choice([0, 0, 1]))) if before else []:
        lines.append(material_line(other['certificate'], 'result', domain.law, rng))
    lines.append('steps:')
    lines.append('  - {step: review, takes: 1wd, role: lead}')
    condition = when()
    if rng.random() < 0.25:
        lines.append('  - {step: site-visit, takes: 1wd%s, merge: site-visit}' % (', when: \'%s\'' % condition if condition else ''))
    if rng.random() < 0.15:
        lines.append('  - {step: opinion, takes: 0wd, role: assist, agency: %s}' % rng.choice(agencies)[0])
    lines.append('  - {step: decide, takes: %dwd}' % (promised - 2))
    if before and rng.random() < 0.15:
        lines.append('needs: [%s]' % rng.choice(before)['id'])
    if rng.random() < 0.3 or item['stage'] < 2:
        item['certificate'] = item['id'] + '-c'
        item['certificate_name'] = words(domain.zh + obj[0] + act[0] + '证', '%s: certificate of %s %s' % (domain.en, obj[1], act[1]))
        item['issuer'] = agency
        lines.append('result: {certificate: %s, valid: %dy}' % (item['certificate'], rng.choice([1, 3, 5])))
    else:
        lines.append('result: {document: %s-d}' % item['id'])
    item['lines'] = lines
    return item


def question_line(q):
    more = ', min: 0, max: %d' % q['max'] if q['type'] == 'number' else ''
    if q['type'] == 'choice':
        more = ', choices: [%s]' % ', '.join('{value: %s, zh: %s, en: %s}' % c for c in CHOICES)
    return "  - {ask: %s, type: %s%s, zh: %s, en: '%s'}" % (q['id'], q['type'], more, q['zh'], q['en'])


def make_table(number, gates, rng):
    """A class of size by a number and a yes-or-no question, without gap or overlap; None where the thing asks no such pair."""
    numbers = [q for q in gates if q['type'] == 'number']
    flags = [q for q in gates if q['type'] == 'boolean']
    if not numbers or not flags:
        return None
    q, flag = rng.choice(numbers), rng.choice(flags)
    low = rng.randrange(1, q['max'] // 2)
    high = low + rng.randrange(1, q['max'] // 3)
    return ['tables:', '  - decide: size_%d' % number, '    name: {zh: 规模, en: Size}', '    hit: unique',
            '    inputs: [%s, %s]' % (q['id'], flag['id']), '    rules:', "      - ['< %d', '-', small]" % low,
            "      - ['[%d..%d)', '-', middle]" % (low, high), "      - ['>= %d', 'true', large]" % high,
            "      - ['>= %d', 'false', middle]" % high]


def make_thing(number, domain, most, rng):
    """Items of one domain until enough is asked: most things are small, every tenth as large as may be."""
    wanted = most if number % 10 == 0 else rng.randrange(4, max(5, min(most, 25)))
    items, reads = [], set()
    for item in rng.sample(domain.items, len(domain.items)):
        if len(reads | item['reads']) > wanted:
            continue
        items.append(item)
        reads |= item['reads']
        if len(items) >= wanted + 3:
            break
    items = items or domain.items[:1]
    gates = [q for q in domain.questions if q['id'] in reads]
    lines = ['thing: t%05d' % number, 'name: ' + words('我要办%s第%d件事' % (domain.zh, number), 'Matter %d of %s' % (number, domain.en)),
             'also: [%s一件事]' % domain.zh, 'for: enterprise', 'hall-zone: commerce', 'lead: market-regulation']
    asked = [question_line(q) for q in gates]
    lines += ['questions:'] + asked if asked else ['questions: []']
    lines.append('items:')
    table = make_table(number, gates, rng) if number % 5 == 0 else None
    if table:
        lines[-1:] = table + ['items:']
    for item in sorted(items, key=lambda i: i['id']):
        if table and rng.random() < 0.2:
            lines.append("  - {item: %s, when: 'size_%d = \"%s\"'}" % (item['id'], number, rng.choice(['small', 'middle', 'large'])))
        elif gates and rng.random() < 0.5:
            lines.append("  - {item: %s, when: '%s'}" % (item['id'], domain.condition(rng.choice(gates), rng)))
        else:
            lines.append('  - ' + item['id'])
    return lines


def make_materials(domains, agencies, rng):
    materials, lines = {'common': []}, [
        "- {material: application-form, name: {zh: 申请表, en: Application form}, kind: form, holder: none, shared: 'no', fields: []}"]

    def add(group, identity, zh, en, kind, fields, held):
        holder = rng.choice(agencies)[0] if held else 'none'
        shared = rng.choice(['unconditional', 'conditional']) if held else "'no'"
        materials[group].append((identity, held))
        lines.append('- {material: %s, name: %s, kind: %s, holder: %s, shared: %s, fields: [%s]}' %
                     (identity, words(zh, en), kind, holder, shared, ', '.join(fields)))

    for i in range(COMMON_MATERIALS):
        obj, paper = OBJECTS[i % 25], PAPERS[i // 25 % 10]
        add('common', 'common-%03d' % i, '通用' + obj[0] + paper[0], 'Common %s: %s' % (obj[1], paper[1]), paper[2],
            ['common_%d' % (i % 40)], i % 2 == 0)
    for domain in domains:
        materials[domain.id] = []
        for i in range(30):
            obj, paper = OBJECTS[i % 25], PAPERS[(i * 3 + i // 25) % 10]
            add(domain.id, '%s-m%02d' % (domain.id, i), domain.zh + obj[0] + paper[0], '%s: %s %s' % (domain.en, obj[1], paper[1]), paper[2],
                ['%s_f%d' % (domain.id, i % 8)], False)
    return materials, lines


def make_fields(domains):
    lines = ['- {field: common_%d, name: {zh: 通用信息%d, en: Common entry %d}, type: text}' % (i, i, i) for i in range(40)]
    for domain in domains:
        lines += ['- {field: %s_f%d, name: {zh: %s信息%d, en: "%s: entry %d"}, type: %s}' %
                  (domain.id, i, domain.zh, i, domain.en, i, 'number' if i % 3 == 0 else 'text') for i in range(8)]
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('--items', type=int, default=10000)
    parser.add_argument('--things', type=int, default=1500)
    parser.add_argument('--questions', type=int, default=60)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--trips', type=int, default=0)
    given = parser.parse_args()
    if given.items < 1 or given.things < 0 or not 1 <= given.questions <= DOMAIN_ASKS:
        sys.exit('national.py: at least one item, 1 to %d questions' % DOMAIN_ASKS)
    rng = random.Random(given.seed)
    sample = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'catalogs', 'ningbo')
    for folder in ('items', 'things'):
        shutil.rmtree(os.path.join(given.out, folder), ignore_errors=True)
        os.makedirs(os.path.join(given.out, folder))
    for name in COPIED:
        shutil.copyfile(os.path.join(sample, name), os.path.join(given.out, name))
    with open(os.path.join(sample, 'agencies.yaml'), encoding='utf-8') as f:
        agencies = re.findall(r'^- \{agency: ([a-z-]+),.*uscc: "([0-9A-Z]{18})"', f.read(), re.M)
    write(os.path.join(given.out, 'city.yaml'),
          ['city: nation', 'name: {zh: 全国样例, en: Nation (sample)}', 'region: "330200"', 'paper-prefix: 样政服'])
    domains = [Domain(i, rng) for i in range((given.items + DOMAIN_ITEMS - 1) // DOMAIN_ITEMS)]
    materials, material_lines = make_materials(domains, agencies, rng)
    certificates = []
    for number in range(given.items):
        domain = domains[number // DOMAIN_ITEMS]
        item = make_item(domain, number % DOMAIN_ITEMS, number, agencies, materials, rng, given.trips)
        domain.items.append(item)
        write(os.path.join(given.out, 'items', item['id'] + '.yaml'), item.pop('lines'))
        if item['certificate']:
            certificates.append('- {certificate: %s, name: %s, issuer: %s, fields: []}' %
                                (item['certificate'], item['certificate_name'], item['issuer']))
            material_lines.append("- {material: %s, name: %s, kind: certificate, holder: %s, shared: unconditional, fields: []}" %
                                  (item['certificate'], item['certificate_name'], item['issuer']))
    for number in range(given.things):
        write(os.path.join(given.out, 'things', 't%05d.yaml' % number),
              make_thing(number, domains[number % len(domains)], given.questions, rng))
    write(os.path.join(given.out, 'fields.yaml'), make_fields(domains))
    write(os.path.join(given.out, 'materials.yaml'), material_lines)
    write(os.path.join(given.out, 'certificates.yaml'), certificates)


main()
