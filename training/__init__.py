"""From a table of labelled texts to a run in the store; scikit-learn lives here only.

Its files in the order in which to read them::

    a table             parquet, tag_cells, tag_columns, columns, labelled, data
    two sides of it     duplicates, sides, split, auxiliary, training_set
    flaws of it         findings, text_findings, spellings, tag_findings, check
    texts -> matrix     factored, vectorizer
    matrix -> learners  naive_bayes, newton, together, learners
    one candidate       candidates, folds, evaluate, calibration, thresholds, abstaining, trial
    the best of them    weights, fit
    a run               runs, operate
    what to make of it  suspects, versus, out_of_domain, report/
    options             options, reading_options, training_options
    a table's commands  progress, check_command, train_summary, train_command
    a run's commands    evaluate_command, operate_command, report_command, __main__
    how good it is      measuring/
"""
