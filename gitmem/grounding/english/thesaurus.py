"""English words that say the same in engineering notes, and words that say little (pure).

Data. A row is one meaning; a word stands in one row only. What two rows share in daily speech but not in
engineering (to commit, to save) is kept apart. `gitmem.grounding.words` cuts the endings.
"""

from __future__ import annotations

from gitmem.grounding.lexicon import words

#: Words that a rewording exchanges freely; a line is one meaning.
ALIKE = """
    delete remove erase wipe purge drop discard lose
    must need require mandatory obligatory
    fix repair mend
    begin start launch
    stop end finish halt
    folder directory dir
    fail failure
    error errors errored
    break broke breakage choke
    hang freeze stuck
    compile compilation
    config configuration settings cfg
    database db databases
    repository repo repos
    documentation docs doc
    environment env envs
    production prod
    development dev
    staging stage stg
    authentication auth authenticate authn
    authorization authz authorisation
    app application
    kubernetes kube
    maintain own
    prefer like favour favor preference
    big large huge
    biggest largest
    small little tiny
    show display
    live reside stored located sit
    remain stay
    maximum max
    minimum min
    sort order
    buy purchase
    choose pick select opt chosen
    change modify edit alter touch
    move migrate migration switch
    allow permit
    want ask wish demand
    obtain fetch receive
    retry repeat
    usual usually normally typically generally
    rarely seldom
    sometimes occasionally
    fast quick rapid
    execute exec invoke
    happen occur
    skip ignore omit
    reject refuse
    approve approval
    write wrote
    use utilize utilise employ
    contain include
    honour honor respect obey
    expire expiry expiration
    renew renewal
    enable activate
    disable deactivate
    response reply answer
    request req reqs
    message msg msgs
    character char chars
    parameter param params
    argument arg args
    variable var vars
    identifier id ids
    number num
    version ver
    temporary temp tmp
    password pw passwd
    certificate cert certs
    address addr
    administrator admin admins
    account acct
    information info
    manager mgr
    department dept
    package pkg pkgs
    source src
    destination dest dst
    reference ref refs
    specification spec specs
    operation op ops
    performance perf
    memory mem ram
    statistics stats
    synchronization sync synchronisation synchronise synchronize
    asynchronous async
    initialization init initialise initialize
    image img images
    button btn
    background bg
    library lib libs
    function func fn
    implementation impl
    infrastructure infra
    integer int
    boolean bool
    command cmd cmds
    connection conn conns
    transaction txn tx
    timestamp ts
    timezone tz
    previous prev former formerly previously
    about approximately approx roughly around circa
    manual manually
    automatic automatically auto
    immediately instantly instant
    separate separately
    annual yearly
    laptop notebook
    colleague coworker
    staff personnel
    vendor supplier
    holiday vacation
    picture photo
    film movie
    car vehicle
    whole complete entire
    wrong incorrect erroneous
    garbage rubbish nonsense junk
    stale outdated obsolete
    unclear uncertain unsure unknown
    unconfirmed unverified unchecked
    suspect suspected suspicion
    perhaps maybe possibly probably presumably
    check verify confirm verification
    recreate regenerate
    generate produce create
    build built
    install installed installation
    deploy deployment rollout
    restart reboot
    mount mounted
    increase raise grow rise climb
    decrease lower reduce reduction shrink
    exceed exceeds surpass
    trigger fire
    query queries
    silent silently quietly
    slow sluggish
    reach attain
    terminate kill
    close shut
    watch monitor observe
    combine join
    split divide
    copy duplicate
    assign allocate
    depend rely
    hide conceal hidden
    flaky unstable intermittent
    random arbitrary
    office headquarters hq
    engineer coder
    row record
    job task
    constant const
    string str
    dictionary dict
    object obj
    alarm alert
    dashboard dash
    email mail
    idle inactive
    simple plain
    identical equal
    additional extra
    exact precise
    enough sufficient adequate
    damage damaged
    saturate overload overwhelm
    spike surge
    lag delay latency
    outage downtime
    quota allowance
    register registration signup
    cancel cancellation
    refund reimburse
    inventory stock
    warehouse depot
    dose dosage
    cool chill
    cable wire
    student pupil
    player gamer
    article post
    headline title
    paragraph para
    spreadsheet sheet
    signature sig
    lawyer legal counsel
    estimate estimation
    forecast prediction predict
    annotate annotation
    score rating
    simultaneously concurrently concurrent simultaneous
    warm heat
    unreadable illegible
    wrap surround
    attachment enclosure
    tidy neat
    pause suspend
    resume continue
    swap exchange
    validate validation
    format formatting
    schedule scheduled scheduling
    permission permissions
    privilege privileges
    route routing
    parse parser parsing
    index indexing
    render rendering
    flash flashing
    forward relay
    discuss talk
    listen bind
    reserve book
    buffer buffering
    inspect examine
    problem issue trouble
    bug defect
    workaround bypass
    reason why
    purpose goal
    payment pay
    invoice bill
    price cost costs
    cheap inexpensive
    draw consume consumption
    ship deliver delivery
    send transmit sent
    hear audible
    person people human
    machine computer
    phone mobile smartphone
    cellular lte
    wifi wlan
    webpage page pages
    url link links
    color colour
    grey gray
    license licence
    catalogue catalog
    centre center
    metre meter
    litre liter
    dialogue dialog
    programme program
    analyse analyze analysis
    evaluate eval evals evaluation
    normalise normalize
    optimise optimize
    serialise serialize
    recognise recognize
    organise organize organisation organization org
    behaviour behavior
    neighbour neighbor
    calibrate calibration recalibrate recalibrating
    replace replacement substitute
    convert conversion transform
    encrypt encryption
    decrypt decryption
    compress compression
    overwrite clobber overwritten
    careful caution beware careful
    forget forgot forgotten
    afterwards afterward thereafter
    tell notify
    attempt try tries tried
    find discover found
    sleep dormant
    voltage volts
    speaker loudspeaker
    hardware hw
    software sw
    firmware fw
    keyboard kbd
    frontend ui
    postgres postgresql pg
    javascript js
    python py
    amazon aws
    height high tall
    width wide
    length long
    depth deep
    weight weigh heavy
    strength strong
    speed speedy
    diverge divergence
    converge convergence
    replicate replica replicates
    measure measurement
    interfere interference
    capacity capacitance
    unlock unlocked
"""

#: Words that a rewording may bring in: they assert nothing about the thing.
FILLER = words("""
    careful carefully caution warning attention important importantly please reminder note notes however
    whereas while meanwhile therefore accordingly respectively namely simply actually explicitly
    specifically generally basically in otherwise else whether whenever wherever even still also too as
    way ways manner means kind sort case cases situation circumstances purpose
    fact point matter topic thing things item items entry entries element elements
    value values amount number count figure quantity level degree
    name names title label
    place location position
    result results outcome output
    time times moment period duration
    state status
    step steps process procedure operation
    current currently present presently existing respective corresponding relevant particular given following
    called named known considered
    sure ensure guarantee necessary needed
    else elsewhere
    additional additionally further furthermore
    own itself themselves
    various several certain
    usage use
    behind ahead aside anyway let always everywhere anywhere every anyone everyone anything everything
    access cause causes caused causing separated based written formerly previously former
    """)

#: Nouns for the kind of a thing, that a rewording puts beside its name: ``the SAP system``, ``GET requests``.
CLASSIFIERS = words("""
    system service server application app program tool utility library package module component
    file files folder directory script command option flag setting parameter variable field column table
    environment instance cluster machine device devices host node box
    request requests call calls query queries response message messages event events error errors
    endpoint route api page screen view
    branch job task run build pipeline step stage workflow process worker
    version release format type mode protocol
    line lines ending endings character characters row rows record records
    number value size limit rate setting
    level channel queue
    library framework engine
    session connection
    input output data content contents
    key code string text
    test tests suite
    board chip sensor unit
    tag label
    """)

#: Verbs that take the place of ``is``, of a colon, or of one another.
LIGHT = words("""
    return returns returned answer answers answered respond responds create created add added receive receives
    give gives show shows display displays get gets come comes go goes consist consists lie lies sit sits
    consider considers considered treat treats treated report reports reported let lets say says said mean means
    hidden kept placed located act acts behave behaves look looks hold holds fit fits fitted end ends become becomes
    serve serves provide provides offer offers issue issued report reported produce produces produced
    carry carries apply applies count counts reach reaches amount amounts start starts begin begins
    """)
