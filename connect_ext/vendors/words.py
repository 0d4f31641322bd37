"""The vocabulary of APIs and their error messages: words that are safe to show.

Any other word in an answer may be the name of a customer.
"""

from __future__ import annotations

import re
from collections.abc import Container

from connect_ext.portal.secret import MASK

_WORDS = """
    a about above accept acceptance accepted access accessible account accounting across act
    acting action activate activated activation active actor actual acv add added additional
    addons addr address adjusted adjustment admin affiliate after again against agent ago
    agreement alias all allocation allow allowed almost already also alternate alternative
    although always am amend amended amendment among amortization amount an anchor and annual
    another answer any anybody anymore anyone anything api app application applied apply
    approval approve approved archive archived are aren argument around arr array arrears ask
    asked assessing asset assign assigned assignment associated async at attempt attempted attr
    attribute audit auth authority authorization authorize authorized auto automatic
    automatically available awaiting balance bank base basic batch be became because become been
    before begin behavior behind being belong below beneficiary beside best between bill
    billable billed billing birth block blocked body booking boolean both branch brand browser
    bucket budget build bundle business busy but buyer by cache calculate calculation calendar
    call callback came campaign can cancel cancelable cancelation canceled canceling cancellable
    cancellation cancelled cancelling cannot capability capacity capture captured card cart case
    catalog category ceased center cents certificate chain change changed channel characteristic
    charge chargeable charged check checked checkout children choice city class classification
    client clock close closed cluster code collect collected collection column come command
    comment commercial commit commitment committed common communication community company
    compare comparison complete completed completion component concurrency condition config
    configuration confirm confirmation confirmed conflict connection consecutive consent
    constraint consumer consumption contact contacted contain container content context contract
    contracted contractual control convert converted copy corporate correct correlation cost
    could couldn count counter country county coupon course cover coverage create created
    createdat creation creator credential credit criteria currency current cursor custom
    customer cycle daily dashboard data database dataset date day deactivate deactivated
    deadline deal debit debug decimal decision declined deduction default defer deferred define
    defined definition delay delayed delete deleted deletion deliver delivery delta demand
    department dependencies deployment deprecated depth description destination destroy detached
    detail device diagnostic did didn digit digital dimension direct disable disabled discard
    discount discounted dispute disputed distributor division do document documentation doesn
    doing domain don done down download draft dry dto due dunning duration during each earliest
    earned earnings easy edit edition effective either electronic element eligibility eligible
    else email embedded employee empty enable enabled encoded end enddate ended ending endpoint
    engine enough enrolled enrollment enrolment enter enterprise entitlement entity entry enum
    envelope environment equals err error estimate estimated etag evaluation even event ever
    evergreen every everything exact example exceeded except exception excess exchange exclude
    excluded execute execution exempt exemption exist existed existing expect expected
    expiration expire expired expiring expiry explanation export exported expression extend
    extended extension external externally extra extract facts failed failure false far fault
    faultcode faultstring fax feature fee feed few field file filter final finally finance
    financial find finish finished first firstname fiscal five fixed flag flat flow folder
    follow following followup footer for forbidden forecast form format formatted formula found
    four fractional free frequency friday from frozen fulfil fulfilled fulfillment full fullname
    function funding further future gateway general generate generated geo get getting give
    given global go going gone good got grace gross group guest guid gw had hadn half handle
    handler happen happened has hash hasn have haven having head header health height held here
    hers hidden hierarchy his history hold holder home host hour hourly house how however href
    http human i icon id idempotency identification identifier identity if ignore image
    immediate immediately impact implementation import imported in inactive include included
    including inclusive incoming incomplete increase increment index indicator individual
    industry info information initial initiated initiator inner input inquiry inside instance
    instead instruction insurance integer integrated integration intent internal interrupted
    interval into invalid inventory invoice invoiced invoicing ip isn iso issue issued issuer
    issuing it item iteration itself job join json jti jurisdiction just keep kept key keyword
    kind know known label land landing lang language lapsed large last lastname late later
    latest lease leased least leave ledger left legacy legal length less let level licence
    license licensed lifecycle lifetime like likely limit line linear linked links list little
    live livemode living load loaded local locale locality location locator lock locked log
    login logo long longer look lookup loss lot low loyalty made mail mailing main maintenance
    major make making malformed manage managed management manager mandatory manual manually
    mapping marker market marketplace markup masked master match matched material max maximum
    may maybe me measure measurement media meeting member membership memo merchant merged
    message meta metadata meter metered metering method metric middle might migrated migration
    milestone min mine minimum minor minute misc missing mobile mode model moderation
    modification modified modifier modify module monday monetary money monitor month monthly
    more most moved mrr msg much multi multiple must my name namespace native nature near nearly
    necessary need needed negotiated neither nested net network never new newest next nickname
    no nobody node non none nor normal not note nothing notice notification notified now nowhere
    null nullable num number numeric object obligation obsolete obtained occurred occurrence of
    off offer office offset often oid ok old oldest on once one ongoing online only onto open
    openapi opened operation operator opportunity option optional or orchestration order ordered
    ordering org organisation organization origin original originator other otherwise ought our
    out outcome outer output outside outstanding over overage overdue overlap overridden
    override overview own owned owner ownership package page pagination paging paid pair param
    parameter parent part partial partner party password past patch path pattern pause paused
    pausing pay payable payee payer paying payload payment payout penalty pending per percent
    percentage performed period permanent permission permitted persistent person personal phase
    phone physical picklist picture pid plain plan planned platform please po points policy pool
    portal portfolio position possible possibly post postal postalcode postcode posted postpaid
    precision preferences preferred prefix premium prepaid present prevent preview previous
    previously price pricing primary print prior priority private probably problem procedure
    proceed process processed processing processor producer product production profile program
    progress prohibited project promo promotion property proposal proposed prorate prorated
    proration protected protocol provide provided provider provision provisioned provisioning
    public publish published publisher purchase purchased purchaser purge put quality quantity
    quarter quarterly query queue quite quota quote random range rank rate rather rating raw
    reach reached read readable reading ready real really realm reason receipt receive received
    receiver recent recently recipient recognition recognized reconciliation record recovery
    recurrence recurring redemptions redirect reduced reduction refer reference referral
    referred reflect refund refundable refunded refused region regional register registered
    registration regular reject rejected rejection rel related relation relationship release
    released remaining reminder remote removable remove removed renew renewable renewal renewed
    repeat replace replaced replacement reply report reported reporting repository request
    requester require required requirement reseller reservation reserved reset residual
    resolution resolved resource response responsible rest restriction result resume resumed
    retail retention retry retryable return returned rev revenue reverse reversed review
    revision revoked right role root round rounding route row rule run running saas safe said
    salary sale same sample saturday save saved say scale schedule scheduled scheduling schema
    scheme scope score screen search season seat second secret section secure security see seem
    seen segment select selected selection self sell seller send sender sensitive sent separate
    separately sequence serial series server service serviced session set setting settled
    settlement setup several severity shall share shared she shift ship shipment shipped
    shipping shop short should shouldn show shown sid side sign signature signed signup silent
    simple since single site size skip sku slot slug small snapshot so soap social soft software
    sold solution some somebody someone something sometimes somewhere soon sort source space
    special specific specification specified split stacked stage stamp standard standing stands
    start startdate started starting state statement static stats status step still stock stop
    stopped storage store stored strategy stream street string structure style sub subject
    submission submit submitted subscribe subscribed subscriber subscription subsidiary subtotal
    subtype succeeded success successful successfully such suffix suite summary sunday supplier
    support supported suspend suspended suspension switch symbol sync synchronized synchronous
    syntax system table tag take taken target task tax taxability taxable taxation taxed tcv
    technical telephone template temporarily temporary tenant tenure term terminate terminated
    terminating termination test text than thank that the their them themselves then there
    therefore these they thing third this those though three threshold through throughout thru
    thumbnail thursday thus ticket tier time timeframe timeout timestamp timezone timing title
    to today together token too took tool top topic total touch toward trace track tracking
    trade trading traffic trailing transaction transfer transferability transferable transferred
    transition translation transport trial trialing tried trigger triggered true trust try
    tuesday twice two txn type uid unable unapplied unauthorized unavailable unbilled
    uncollectible under undo undone unexpected unified unique unit universal unknown unless
    unlimited unlock unpaid unprocessed unresolved unsubscribed unsupported until unused uom up
    upcoming update updated updatedat upgrade upgraded upload upon upper upsell uri url us usage
    use used useful user username using utilization valid validate validated validation validity
    value variable variant variation vat vendor verification verified verify version very via
    view viewed violates violation virtual visibility visible voice void volume voucher wait
    waiting wallet warehouse warning warranty was wasn way we web webhook website wednesday week
    weekly weight well went were weren what whatever when whenever where whether which while who
    whole wholesale whom whose why width will window with within without won work workflow
    workspace world worth would wouldn write written wrong xml year yearly yes yet yield you
    your yourself zip zipcode zone
"""
_KNOWN = frozenset(_WORDS.split())

MOST_CHARACTERS = 1000
"""The rest of a vendor's text is not read."""

_NAME = re.compile(r"[A-Za-z_$@][\w$@.:-]{0,60}", re.ASCII)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NUMBER = re.compile(r"\d{3}")
_RUN = re.compile(r"[^\W_]+")
_MASKS = re.compile(rf"{re.escape(MASK)}(?:[\W_]*{re.escape(MASK)})+")


def is_known_name(name: str) -> bool:
    """Whether the name of a member or element consists of known words only."""
    if not _NAME.fullmatch(name) or _NUMBER.search(name):
        return False
    return all(map(_is_known, _WORD.findall(name)))


def known_words_of(text: str, more: Container[str] = ()) -> str:
    """Mask every word and number of the text that is not known.

    ``more`` holds further words that may be shown, in lower case.
    """

    def shown(run: re.Match[str]) -> str:
        return run[0] if _is_known(run[0]) or run[0].lower() in more else MASK

    return _MASKS.sub(MASK, _RUN.sub(shown, text[:MOST_CHARACTERS]))


def _is_known(word: str) -> bool:
    word = word.lower()
    return word in _KNOWN or any(singular in _KNOWN for singular in _singulars(word))


def _singulars(word: str) -> list[str]:
    if not word.endswith("s"):
        return []
    return [word[:-1], word.removesuffix("es"), f"{word.removesuffix('ies')}y"]
