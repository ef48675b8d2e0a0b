"""The page of an audit in Firefox."""

from fer_jax.analysis import cases


def test_firefox_opens_filters_and_decides(firefox, made):
    case = cases.read(made)
    firefox.open(case.save(made)[0].as_uri())
    sections = firefox.run("document.querySelectorAll('section').length")
    assert sections == 6
    found = "document.querySelector('#found').innerText"
    assert firefox.run(found) == '6 labels'
    firefox.run("document.querySelector('.card').focus()")
    firefox.press('kr')
    tally = firefox.run("document.querySelector('#tally').innerText")
    assert tally == '2 decisions: 1 keep, 1 relabel, 0 ambiguous, 0 drop'
    firefox.run(
        """(() => {
          const given = document.querySelector('#given');
          given.selectedIndex = 1;
          given.dispatchEvent(new Event('change', {bubbles: true}));
        })()"""
    )
    assert firefox.run(found) == '2 labels'
    assert firefox.said == []
