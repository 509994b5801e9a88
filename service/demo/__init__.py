"""
The demo county 459901: fictional, and the same every time.

Some 3,000 people in six townships, hospitals of every level and distance, a fee catalogue, agreements, referrals and
chronic cards, with changes over the years. Facts begin on 2018-01-01. Every code that the county invents begins with
`DM-`, except for the demo hospital H45990100101 and what the API document's example names, so that codes of your own
do not run into it.

People for trying things; what is said of them has no end unless it says so:

| identity number    | who                                                                        |
|--------------------|----------------------------------------------------------------------------|
| 459901195003070005 | registered poor: the person of the API document's example                  |
| 459901195205129036 | registered poor: the one whose discharge the demo settles when it starts   |
| 459901198104169016 | nobody's roster: an ordinary resident                                      |
| 459901196308219020 | registered poor in 2018, lifted but covered from 2019-01-01                |
| 459901194711309019 | extreme poverty                                                            |
| 459901196602039020 | low-income allowance                                                       |
| 459901195909099015 | low-income allowance and registered poor                                   |
| 459901197207159027 | low-income allowance and severely disabled                                 |
| 459901193901019018 | three-no                                                                   |
| 459901195608019018 | key aid                                                                    |
| 459901198803089023 | monitored from 2020-06-01                                                  |
| 45990119791224901X | low-income margin from 2021-06-01                                          |
| 459901195812069020 | registered poor, with a card for CD03 (diabetes)                           |
| 459901196910259017 | registered poor, with a card for CD27 (dialysis)                           |
| 459901196404049025 | ordinary, with a card for CD03                                             |
| 459901195506189016 | registered poor, referral DM-ZZ0001 to the regional hospital DM-R01        |
| 459901197509139021 | barred in 2019                                                             |
| 459901199002149019 | not insured from 2020-01-01                                                |
| 459901194004109026 | registered poor, died on 2019-05-20                                        |
| DM-B000001         | a newborn without identity card, born 2018-05-30, of a poor household      |
"""
