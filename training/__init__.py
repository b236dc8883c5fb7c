"""From a table of labelled texts to a run in the store; scikit-learn lives here only."""
