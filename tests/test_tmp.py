from pagesieve import corpus
from conftest import page_lines, page_text
def test_x(tiny_corpus, tiny_sieve):
    print(corpus.check(tiny_corpus, False))
    r = tiny_sieve.segment(page_text(page_lines("brandnew", 5)))
    for s in r: print(s.role, round(s.probability,2), s.content[:60])
    print(r.teasers)
    assert 0
