//! Making a schedule that fails small.

/// Returns choices that fail likewise, with as few switches as are found in `tries` runs: first
/// halves are left out, then quarters, and so on, as in Zeller and Hildebrandt's "Simplifying and
/// isolating failure-inducing input", 2002. `fails` makes a run, and says whether it has failed
/// likewise.
///
/// # Errors
/// That of `fails`.
pub fn smallest<E>(
    choices: &[usize],
    tries: usize,
    mut fails: impl FnMut(&[usize]) -> Result<bool, E>,
) -> Result<Vec<usize>, E> {
    let mut best = choices.to_vec();
    let (mut made, mut size) = (0, (best.len() / 2).max(1));
    while size > 0 && made < tries {
        let mut is_smaller = false;
        for at in (0..best.len()).step_by(size) {
            let range = at..(at + size).min(best.len());
            if made < tries && best[range.clone()].iter().any(|choice| *choice != 0) {
                let mut some = best.clone();
                some[range].fill(0);
                made += 1;
                if fails(&some)? {
                    (best, is_smaller) = (some, true);
                }
            }
        }
        if size > 1 {
            size /= 2;
        } else if !is_smaller {
            break;
        }
    }
    while best.last() == Some(&0) {
        best.pop();
    }
    Ok(best)
}
