import { render } from 'preact';
import { App } from './app.js';
import './style/tokens.css';
import './style/frame.css';
import './style/flow.css';
import './style/people.css';
import './style/charts.css';
import './style/model.css';
import { applyTheme, storedTheme } from './theme.js';

applyTheme(storedTheme());
render(<App />, document.getElementById('app')!);
