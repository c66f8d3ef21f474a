"""Frequent English words of three letters and more, for offline messages.

Published messages use the 10,000 most frequent words of Maximax67/English-Valid-Words; these are a small choice of
common ones, in lower case. Enough of them consist of few letters to keep a message learnable with a tiny alphabet.
"""

from functools import cache

WORDS = tuple(
    """
    able about above act add age air all and answer ant any apple are arm art ask ate away back bad ball bank base bear
    beat bed been best big bird black blue boat body book both box boy bread bring brother build busy buy cake call came
    can car care case cat catch chair child city clean clear clock close cloud coat cold come cook corn could count
    country cover cross cry cut dance dark day deep dinner dog door down draw dream dress drink drive dry each ear early
    earn earth ease east easy eat egg eight end era even every eye face fact fall family far farm fast father feel few
    field fill find fine fire first fish five flat floor fly follow food foot forest form found four free friend from
    front full game garden gate gave girl give glass gold good grass great green ground grow half hand happy hard hat
    have head hear heart heat heavy help here high hill hold hole home hope horse hot hour house how ice idea into iron
    job join jump just keep key kind king know lake land large last late laugh law lead leaf learn leave left less let
    letter life light like line list little live long look lost love low made make man many map mark may meal mean meat
    meet milk mind money month moon more morning most mother move much music must name near neat need nest net never new
    next nice night nine noise north nose note now number off often old once one only open orange other our out over own
    page paint pair paper park part pass past peace people pet picture piece place plan plant play point poor post press
    pull push put queen quick quiet race rain ran rare rat rate reach read ready real red rent rest rich ride right ring
    river road rock roof room root rose round row rule run safe sail salt same sand sat save say school sea seat see
    seed sell send sense sent set seven shape share sharp ship shirt shoe shop short show side sign silver sing sister
    six size skin sky sleep slow small smile snow soft some son song soon sound south space speak spring stand star
    start state stay steer step stone stop store story strange street string strong summer sun sure sweet swim table
    tail take talk tall tan tar taste tea teach tear tell ten tennis tent term test than that the then there they thing
    think three time tin tired today toe together told tone took top town toy train travel treat tree true try turn two
    uncle under use very view visit voice wait walk wall want war warm wash watch water way wear week well went west
    what wheel when where white who why wide wild wind window winter wish with woman wood word work world write year
    yellow yes you young zero
    """.split()
)
"""The words, each once."""


@cache
def words_of(letters: str, longest: int) -> tuple[str, ...]:
    """Those that consist of `letters` and have at most `longest` of them."""
    return tuple(word for word in WORDS if set(word) <= set(letters) and len(word) <= longest)
